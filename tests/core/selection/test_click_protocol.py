"""The simulator of clicks and its figures, against literal transcriptions of the usual protocol."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.benchmarks.click_protocol import Clicker, Played, overlap, play, scores

cv2 = pytest.importorskip("cv2", reason="the transcription measures depths with OpenCV")
BoolArray = NDArray[np.bool_]


class TranscribedClicker:
    """RITM's `Clicker`: gt mask with -1 for pixels to ignore, distance transforms by OpenCV."""

    def __init__(self, gt_mask: NDArray[np.int64]) -> None:
        self.gt_mask = gt_mask == 1
        self.not_ignore_mask = gt_mask != -1
        self.not_clicked_map = np.ones_like(self.gt_mask, dtype=bool)

    def get_next_click(self, pred_mask: BoolArray) -> tuple[bool, int, int, float]:
        fn_mask = np.logical_and(
            np.logical_and(self.gt_mask, np.logical_not(pred_mask)), self.not_ignore_mask
        )
        fp_mask = np.logical_and(
            np.logical_and(np.logical_not(self.gt_mask), pred_mask), self.not_ignore_mask
        )
        fn_mask_dt = distances(fn_mask) * self.not_clicked_map
        fp_mask_dt = distances(fp_mask) * self.not_clicked_map
        fn_max_dist = np.max(fn_mask_dt)
        fp_max_dist = np.max(fp_mask_dt)
        is_positive = fn_max_dist > fp_max_dist
        if is_positive:
            coords_y, coords_x = np.where(fn_mask_dt == fn_max_dist)
        else:
            coords_y, coords_x = np.where(fp_mask_dt == fp_max_dist)
        self.not_clicked_map[coords_y[0], coords_x[0]] = False
        depth = float(max(fn_max_dist, fp_max_dist))
        return bool(is_positive), int(coords_y[0]), int(coords_x[0]), depth


def distances(mask: BoolArray) -> NDArray[np.float64]:
    padded = np.pad(mask, ((1, 1), (1, 1)), "constant").astype(np.uint8)
    found = cv2.distanceTransform(padded, cv2.DIST_L2, 0)[1:-1, 1:-1].astype(np.float64)
    # Roots of whole numbers: what float32 rounds differently here and there is still a tie.
    exact: NDArray[np.float64] = np.sqrt(np.rint(found**2))
    return exact


def transcribed_iou(gt_mask: NDArray[np.int64], pred_mask: BoolArray) -> float:
    ignore_gt_mask_inv = gt_mask != -1
    obj_gt_mask = gt_mask == 1
    intersection = np.logical_and(np.logical_and(pred_mask, obj_gt_mask), ignore_gt_mask_inv).sum()
    union = np.logical_and(np.logical_or(pred_mask, obj_gt_mask), ignore_gt_mask_inv).sum()
    return float(intersection / union)


def blobs(seed: int, shape: tuple[int, int] = (31, 37)) -> BoolArray:
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    found: BoolArray = gaussian_filter(rng.normal(size=shape), 3) > 0.03
    return found


@settings(max_examples=30)
@example(334)
@given(st.integers(0, 10_000))
def test_clicks_are_those_of_the_transcription(seed: int) -> None:
    truth, ignored = blobs(seed), blobs(seed + 1) & blobs(seed + 2)
    gt_mask = np.where(ignored, -1, truth).astype(np.int64)
    clicker, transcribed = Clicker(truth & ~ignored, ignored), TranscribedClicker(gt_mask)
    for at in range(4):
        mask = blobs(seed + 3 + at)
        expected = transcribed.get_next_click(mask)
        found = clicker.next(mask)
        if expected[3] == 0:
            assert found is None
            continue
        assert found is not None
        x, y, is_positive = found
        assert (is_positive, y, x) == expected[:3]
        assert overlap(mask, truth, ignored) == pytest.approx(transcribed_iou(gt_mask, mask))


def test_the_first_click_is_the_deepest_point_and_the_image_ends_depth() -> None:
    truth = np.zeros((9, 30), dtype=np.bool_)
    truth[:, :12] = True
    # By the rim counting as outside the middle row wins; without it, the corner at the left would.
    assert Clicker(truth).next(np.zeros_like(truth)) == (4, 4, True)


def test_jittered_clicks_lie_at_least_so_deep() -> None:
    truth = np.zeros((41, 41), dtype=np.bool_)
    truth[1:40, 1:40] = True
    depth = np.minimum.reduce(np.meshgrid(*[np.minimum(np.arange(41), 40 - np.arange(41))] * 2))
    found = {
        Clicker(truth, None, np.random.default_rng(seed)).next(np.zeros_like(truth)) for seed in range(50)
    }
    clicks = [one for one in found if one is not None]
    assert len(clicks) > 20
    assert all(depth[y, x] >= 0.6 * 20 for x, y, _ in clicks)
    assert all(is_positive for _, _, is_positive in clicks)


def test_play_goes_on_until_nothing_is_wrong() -> None:
    truth = blobs(5)
    shown = [blobs(6), blobs(7), truth]
    played = play(lambda clicks: shown[len(clicks) - 1], Clicker(truth))
    expected = [transcribed_iou(truth.astype(np.int64), mask) for mask in shown]
    assert played.n_clicks == 3
    np.testing.assert_allclose(played.overlaps, expected + [1.0] * 17)


def test_clicks_that_were_not_respected_are_noticed() -> None:
    truth = blobs(5)
    played = play(lambda _: ~truth, Clicker(truth), 3)
    assert not played.is_respected


def transcribed_noc(
    all_ious: list[NDArray[np.float64]], iou_thr: float, max_clicks: int = 20
) -> tuple[float, int]:
    def get_noc(iou_arr: NDArray[np.float64]) -> int:
        vals = iou_arr >= iou_thr
        return int(np.argmax(vals)) + 1 if np.any(vals) else max_clicks

    noc_list = [get_noc(iou_arr) for iou_arr in all_ious]
    over_max = sum(not np.any(iou_arr >= iou_thr) for iou_arr in all_ious)
    return float(np.mean(noc_list)), over_max


def test_figures_are_those_of_the_transcription() -> None:
    rng = np.random.default_rng(0)
    ious = [np.minimum(rng.uniform(0, 1) + rng.normal(0.02, 0.05, 20).cumsum(), 1) for _ in range(30)]
    found = scores([Played(tuple(one.tolist()), 20, True) for one in ious])
    for goal in (85, 90):
        noc, never = transcribed_noc(ious, goal / 100)
        assert found[f"NoC@{goal}"] == pytest.approx(noc)
        assert found[f"never {goal}"] == never
    assert 0 < found["never 90"] < 30
    assert found["overlap 3"] == pytest.approx(np.mean([one[2] for one in ious]))
    falls = sum((np.diff(one) < -0.02).sum() for one in ious)
    assert found["falls"] == pytest.approx(falls / (30 * 19))
