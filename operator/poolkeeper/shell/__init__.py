"""All input and output. Nothing here chooses a number: sizes come from core.decide."""
