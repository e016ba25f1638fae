"""Why gold stays as it is; every message says what to do next."""

from orchestration.errors import AssayError


class PublicationError(AssayError):
    """A publication or rollback did not happen; gold is as before."""


class PublicationBusyError(PublicationError):
    """Another publication or rollback of this database is under way."""


class PublicationRefusedError(PublicationError):
    """An audit failed."""


class NothingToRollBackError(PublicationError):
    """There is no earlier publication to go back to."""
