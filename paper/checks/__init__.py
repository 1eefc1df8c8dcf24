"""What several statements compute: drawn economies, definitions, searches."""
