from __future__ import annotations

from pathlib import Path

from local.packaging import Package
from local.template import as_zip_functions, load_template

FUNCTIONS = {
    "DispatcherFunction": "services.dispatcher.app.handler",
    "TrackerFunction": "services.tracker.app.handler",
}


def test_short_intrinsics_come_out_in_their_long_form(tmp_path: Path) -> None:
    # GIVEN a template in the short notation
    path = tmp_path / "template.yaml"
    path.write_text(
        "A: !Ref X\nB: !GetAtt Q.Arn\nC: !Sub '${X}/y'\nD: !If [HasX, !Ref X, {E: 1}]\n"
        "F: !Equals [a, b]\nG: !Condition HasX\n"
    )

    # WHEN it is read
    # THEN it says the same in JSON's notation
    assert load_template(path) == {
        "A": {"Ref": "X"},
        "B": {"Fn::GetAtt": ["Q", "Arn"]},
        "C": {"Fn::Sub": "${X}/y"},
        "D": {"Fn::If": ["HasX", {"Ref": "X"}, {"E": 1}]},
        "F": {"Fn::Equals": ["a", "b"]},
        "G": {"Condition": "HasX"},
    }


def test_only_the_packaging_of_the_image_functions_changes() -> None:
    # GIVEN the template
    template = load_template()

    # WHEN its image functions are turned into Zip functions
    package = Package(Path("services.zip"), Path("/site"), "python3.11")
    local = as_zip_functions(template, ("code", "services.zip"), package)

    # THEN they have the same handlers
    for name, handler in FUNCTIONS.items():
        properties = local["Resources"][name]["Properties"]
        assert properties["Handler"] == handler
        assert properties["Runtime"] == "python3.11"
        assert properties["CodeUri"] == {"Bucket": "code", "Key": "services.zip"}

        assert properties["Environment"]["Variables"].pop("PYTHONPATH") == "/site"

    # AND everything else is as it was
    packaging = {"PackageType", "ImageUri", "ImageConfig", "Handler", "Runtime", "CodeUri"}
    for resources in (template["Resources"], local["Resources"]):
        for name in FUNCTIONS:
            resources[name].pop("Metadata", None)
            for key in packaging & set(resources[name]["Properties"]):
                del resources[name]["Properties"][key]
    assert local == template
