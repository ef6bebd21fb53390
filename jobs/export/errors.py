"""What an export ends with when it cannot be made."""

from pipelines.errors import MisuseError, TokenlakeError


class ExportError(TokenlakeError, RuntimeError):
    """The table cannot be read whole, or the place of the export cannot be written."""


class UnfitExportError(MisuseError, ValueError):
    """A table, column or place that this format cannot take."""
