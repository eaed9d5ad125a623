"""`poolkeeper crd`: the CustomResourceDefinition."""

from poolkeeper.api.crd import manifest


def crd() -> None:
    """Print the CustomResourceDefinition of InferencePool as YAML.

    Install or upgrade it with: [bold]poolkeeper crd | kubectl apply --server-side -f -[/bold]
    """
    print(manifest(), end="")
