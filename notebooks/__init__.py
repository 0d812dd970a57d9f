"""The notebooks: ``python -m notebooks`` builds them from their sources in ``src/``."""
