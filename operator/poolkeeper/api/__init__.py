"""The custom resource: JSON to core values and back. Pure, but it knows the shapes of Kubernetes."""
