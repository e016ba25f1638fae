"""The warehouse: an embedded PostgreSQL or the user's own, its roles, its migrations and the ways into it."""

from orchestration.warehouse.connection import Warehouse
from orchestration.warehouse.errors import (
    PortfolioMismatchError,
    ProvisioningError,
    ServerStartError,
    WarehouseError,
)
from orchestration.warehouse.opening import open_warehouse, restore_bi_login, stop_warehouse
from orchestration.warehouse.roles import Role

__all__ = [
    "PortfolioMismatchError",
    "ProvisioningError",
    "Role",
    "ServerStartError",
    "Warehouse",
    "WarehouseError",
    "open_warehouse",
    "restore_bi_login",
    "stop_warehouse",
]
