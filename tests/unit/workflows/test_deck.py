"""The page that Flyte's console shows for a batch."""

from workflows.deck import contact_sheet, loss_curve

RESULT = {
    "upload": "abc",
    "source": {"key": "uploads/<script>alert(1)</script>.jpg"},
    "status": "SUCCEEDED",
    "reason": "",
    "width": 320,
    "height": 200,
    "evaluations": 20,
    "seconds": 12.34,
    "loss": [[1, 0.5, 1e6], [2, 1.0, 5e5], [3, 1.5, 1e5]],
}


def test_a_users_file_name_cannot_inject_markup():
    # WHEN
    page = contact_sheet([RESULT], {"abc": b"jpeg"})

    # THEN
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_painted_upload_shows_its_picture_and_its_curve():
    # WHEN
    page = contact_sheet([RESULT], {"abc": b"jpeg"})

    # THEN
    assert "data:image/jpeg;base64,anBlZw==" in page
    assert "20 evaluations, 12.3 s" in page
    assert "<polyline" in page


def test_a_rejected_upload_shows_its_reason():
    # GIVEN
    rejected = {**RESULT, "status": "REJECTED", "reason": "the photo: the file is empty"}

    # WHEN
    page = contact_sheet([rejected], {})

    # THEN
    assert "REJECTED: the photo: the file is empty" in page


def test_a_falling_loss_runs_from_the_top_to_the_bottom():
    # WHEN
    svg = loss_curve([100.0, 10.0, 1.0])

    # THEN the logarithm falls evenly over 80 px
    assert 'points="0.0,0.0 120.0,40.0 240.0,80.0"' in svg


def test_a_single_evaluation_has_no_curve():
    assert loss_curve([1.0]) == ""
