"""The registry of record takes eligibility models as it takes any other, and hands back the very same."""

from ml import registry
from ml.eligibility import EligibilityConfig, EligibilityModel, PiecewiseSettings, decide, train
from ml.synthetic.applications import make_applications
from orchestration.warehouse import Warehouse


def test_a_registered_model_comes_back_and_decides_the_same(warehouse: Warehouse) -> None:
    applications = make_applications(600, 3)
    model = train(applications, config=EligibilityConfig(candidates={"straight": PiecewiseSettings(0.1)}, resamples=20))
    with warehouse.connect("assay_ml") as connection:
        version = registry.register(connection, model)
        assert version == model.version == registry.register(connection, model)
        registry.set_alias(connection, "eligibility", "champion", version, set_by="test")
        text, metadata = registry.load_text(connection, "eligibility", version)
    read = EligibilityModel.from_artifact(text, model.sha256, metadata)
    assert read.metadata["metrics"] == model.metadata["metrics"]
    assert decide(read, applications).equals(decide(model, applications))
