"""What can go wrong between an installation and its database; every message says what to do next."""

from orchestration.errors import AssayError


class WarehouseError(AssayError):
    """The database can't be used as asked."""


class ServerStartError(WarehouseError):
    """The embedded server did not start; the message holds the end of its log."""


class ProvisioningError(WarehouseError):
    """The login may not create what is missing; the message lists the SQL for an administrator."""


class PortfolioMismatchError(WarehouseError):
    """The database belongs to another portfolio, or the portfolio's currency or zone changed."""
