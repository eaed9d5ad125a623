"""The pictures in the documents, taken of the real thing at work: `make screenshots`."""
