"""Direct mechanisms: rules that need to know the traders' utilities."""
