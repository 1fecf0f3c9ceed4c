"""Where results lie, as every reader of the results bucket may rely on."""

from workflows.contract import Job, manifest_key


def test_results_lie_under_the_upload_and_manifests_under_the_execution():
    # GIVEN
    job = Job({"id": "abc"}, {}, {}, "results-bucket", "nst-1")

    # THEN
    assert job.key("result.json") == "results/abc/result.json"
    assert manifest_key(job.execution) == "executions/nst-1/manifest.json"
