"""How dbt nodes are named in Dagster: key ``[layer, name]``, group = stage, the owner that the layer has."""

from collections.abc import Mapping
from typing import Any

from dagster import AssetKey, AssetSpec
from dagster_dbt import DagsterDbtTranslator, DbtProject

# One stage of the graph per folder; the same words as in the folder names.
GROUPS = {
    "staging": "staging",
    "core/inputs": "inputs",
    "core/rollups": "inputs",
    "core/identity": "people",
    "core/measures": "people",
    "core/profile": "profiles",
    "core/business": "profiles",
    "core/flags": "profiles",
    "features": "features",
    "gold": "gold",
}
OWNERS = {
    "raw": ["team:data-engineering"],
    "staging": ["team:data-engineering"],
    "inputs": ["team:data-engineering"],
    "identity": ["team:data-science"],
    "people": ["team:data-engineering"],
    "network": ["team:data-science"],
    "profiles": ["team:data-engineering"],
    "features": ["team:data-science"],
    "scores": ["team:risk"],
    "gold": ["team:bi"],
}


def asset_key(properties: Mapping[str, Any]) -> AssetKey:
    """Key of a dbt node or source: ``[layer, name]``; gold is built in ``gold_next`` and known as ``gold``."""
    if properties["resource_type"] == "source":
        name = properties["identifier"] if properties["source_name"] not in ("ml", "ops") else properties["name"]
        return AssetKey([properties["schema"], name])
    schema = properties["schema"]
    # The alias is the table: gold and core both have golden_records, and dbt wants model names unique.
    return AssetKey(["gold" if schema == "gold_next" else schema, properties.get("alias") or properties["name"]])


def group_of(properties: Mapping[str, Any]) -> str:
    """Stage of a model, from its folder."""
    folder = "/".join(str(part) for part in properties["fqn"][1:-1])
    for prefix, group in GROUPS.items():
        if folder == prefix or folder.startswith(prefix + "/"):
            return group
    raise KeyError(
        f"dbt model {properties['name']} lies in models/{folder}, which belongs to no stage; known: {sorted(GROUPS)}"
    )


class AssayTranslator(DagsterDbtTranslator):
    """Keys, groups and owners of dbt assets.

    One translator serves one manifest: it remembers the specs, which dagster-dbt asks for again with every event and,
    through upstream nodes, hundreds of times an event.
    """

    def __init__(self) -> None:
        super().__init__()
        self._finished: dict[str, AssetSpec] = {}

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> AssetSpec:
        """The default spec with our key, group, owners and kinds."""
        if unique_id in self._finished:
            return self._finished[unique_id]
        self._finished[unique_id] = self._spec(manifest, unique_id, project)
        return self._finished[unique_id]

    def _spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> AssetSpec:
        spec: AssetSpec = super().get_asset_spec(manifest, unique_id, project)
        node = manifest["nodes"].get(unique_id) or manifest["sources"][unique_id]
        if node["resource_type"] == "source":
            return spec.replace_attributes(key=asset_key(node))
        group = group_of(node)
        return spec.replace_attributes(
            key=asset_key(node), group_name=group, owners=OWNERS[group], kinds={"dbt", "postgres"}
        )

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        """Some paths of dagster-dbt ask for the key alone."""
        return asset_key(dbt_resource_props)
