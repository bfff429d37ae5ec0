"""Binarizations on level maps: records, keys, several level maps of an image, colors, and the encoder of networks."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.encode import Encoder
from search.binarization.binarization import Arithmetic, Binarization, Greyscale, from_key, input_of
from search.binarization.cut_points import ColorCutPoints, CombinedCutPoints, CutPoints, cut_points_of, from_values
from search.binarization.levels import GREY, Dither, Rank
from search.binarization.windows import Contrast, Ratio, Standardized
from search.evaluation.objective import lane_of
from tests.strategies import arithmetics, color_binarizations, grey_binarizations, images, level_maps, with_parts

TWO = Binarization(
    CombinedCutPoints((CutPoints((120,)), CutPoints((90, 150)))), "thermometer", Arithmetic(), (Contrast(9), GREY)
)
RECORD = {"weights": "real", "activations": "real", "encoding": "thermometer"}
any_binarizations = st.one_of(grey_binarizations, color_binarizations)


def images_for(binarization):
    return images(binarization.colors)


@given(any_binarizations)
def test_a_record_and_a_key_give_an_equal_binarization(binarization):
    for found in (
        Binarization.of(binarization.record),
        Binarization.of(json.loads(json.dumps(binarization.record))),
        from_key(binarization.key),
        input_of(binarization.record),
    ):
        assert found == binarization
        assert hash(found) == hash(binarization)
        assert found.key == binarization.key


@given(any_binarizations)
def test_a_record_names_level_maps_only_where_one_is_not_grey(binarization):
    assert ("levels" in binarization.record) == (set(binarization.level_maps) != {GREY})


def test_records_have_one_level_map_a_list_or_one_for_each_color():
    cuts, one = CutPoints((90,)), {"map": "contrast", "window": 9}
    color = ColorCutPoints((cuts,) * 3)
    single = Binarization(cuts, "range", Arithmetic(), (Contrast(9),))
    assert single.record == RECORD | {"encoding": "range", "cut_points": (90,), "levels": one}
    # Contrast is sorted before grey.
    assert TWO.record == RECORD | {"cut_points": ((120,), (90, 150)), "levels": [one, {"map": "grey"}]}
    for maps in ((Contrast(9),), (Contrast(9),) * 3):
        assert Binarization(color, "range", Arithmetic(), maps).record["levels"] == {"r": one, "g": one, "b": one}
    mixed = Binarization(color, "range", Arithmetic(), (GREY, Rank(), Contrast(9)))
    assert mixed.record["levels"] == {"r": {"map": "grey"}, "g": {"map": "rank"}, "b": one}


def test_a_binarization_on_grey_levels_has_the_key_of_earlier_versions():
    assert Binarization(CutPoints((90, 150)), "range").key == (
        '{"activations":"real","cut_points":[90,150],"encoding":"range","weights":"real"}'
    )


@given(with_parts(2, 4), st.randoms(use_true_random=False))
def test_the_order_of_level_maps_has_no_meaning(binarization, random):
    parts = list(binarization.parts)
    random.shuffle(parts)
    other = Binarization(
        CombinedCutPoints(tuple(part.cut_points for part in parts)),
        binarization.encoding,
        binarization.arithmetic,
        tuple(part.level_map for part in parts),
    )
    assert other == binarization
    assert other.key == binarization.key
    assert other.parts == binarization.parts


@given(level_maps)
def test_equal_level_maps_of_one_image_are_refused(level_map):
    cuts = CombinedCutPoints((CutPoints((90,)), CutPoints((150,))))
    with pytest.raises(ValueError, match="expected different ones"):
        Binarization(cuts, "range", Arithmetic(), (level_map, level_map))


@pytest.mark.parametrize(
    ("cuts", "maps", "why"),
    [
        (CutPoints((90,)), (), "0 level maps; expected 1"),
        (CutPoints((90,)), (GREY, Rank()), "2 level maps; expected 1"),
        (TWO.cut_points, (Rank(),), "1 level maps; expected 2"),
        (ColorCutPoints((CutPoints((90,)),) * 3), (GREY, Rank()), "2 level maps; expected 3"),
    ],
)
def test_another_number_of_level_maps_is_refused(cuts, maps, why):
    with pytest.raises(ValueError, match=why):
        Binarization(cuts, "range", Arithmetic(), maps)


def test_combined_cut_points_are_at_least_two():
    assert cut_points_of([CutPoints((90,))]) == CutPoints((90,))
    assert from_values([[90], [120]], combined=True) == CombinedCutPoints((CutPoints((90,)), CutPoints((120,))))
    with pytest.raises(ValueError, match="1 sets of cut points; expected two or more"):
        CombinedCutPoints((CutPoints((90,)),))
    with pytest.raises(ValueError, match="2 sets of cut points; expected three"):
        from_values([[90], [120]])


@pytest.mark.parametrize(
    ("cuts", "levels", "why"),
    [
        ([90], None, "level map None is not a record"),
        ([90], "rank", "level map 'rank' is not a record"),
        ([90], {"map": "local"}, "level map 'local' is not one of"),
        ([90], {}, "expected a level map, a list of them, or one for each of r, g and b"),
        ([90], {"r": {"map": "grey"}}, "expected a level map, a list of them, or one for each of r, g and b"),
        ([[90], [120]], {"map": "grey"}, "2 sets of cut points; expected three"),
        ([[90], [120]], [{"map": "grey"}], "1 level maps; expected 2"),
        ([[90], [120]], [{"map": "grey"}] * 2, "expected different ones"),
        ([[90], [120]], [None, None], "level map None is not a record"),
    ],
)
def test_other_levels_of_a_record_are_refused(cuts, levels, why):
    with pytest.raises(ValueError, match=why):
        Binarization.of(RECORD | {"cut_points": cuts, "levels": levels})


@given(grey_binarizations, st.data())
def test_the_channels_of_several_level_maps_are_those_of_each(binarization, data):
    images_u8 = data.draw(images_for(binarization))
    channels = binarization.encode(images_u8)
    parts = [
        Binarization(part.cut_points, binarization.encoding, Arithmetic(), (part.level_map,))
        for part in binarization.parts
    ]
    assert channels.shape == (len(images_u8), binarization.channels, *images_u8.shape[1:])
    assert np.array_equal(channels, np.concatenate([part.encode(images_u8) for part in parts], axis=1))
    assert binarization.bits == sum(part.bits for part in parts)
    assert binarization.index_bits == sum(part.index_bits for part in parts)
    assert binarization.titles == [title for part in parts for title in part.titles]


@given(color_binarizations, st.data())
def test_the_channels_of_colors_are_those_of_each_color(binarization, data):
    images_u8 = data.draw(images_for(binarization))
    each = [
        Binarization(part.cut_points, binarization.encoding, Arithmetic(), (part.level_map,)).encode(
            np.ascontiguousarray(images_u8[..., i])
        )
        for i, part in enumerate(binarization.parts)
    ]
    assert np.array_equal(binarization.encode(images_u8), np.concatenate(each, axis=1))
    assert [part.color for part in binarization.parts] == ["r", "g", "b"]


def test_a_level_is_above_a_cut_point_if_it_is_at_least_the_cut_point():
    images_u8 = np.random.default_rng(0).integers(0, 256, (2, 6, 7), dtype=np.uint8)
    above = [Contrast(9)(images_u8) >= 120, images_u8 >= 90, images_u8 >= 150]
    assert np.array_equal(TWO.encode(images_u8), np.stack(above, axis=1))


def encoder_of(network_input):
    """The encoder of the network that a trial trains on this input."""
    return Encoder(lane_of(network_input, seed=0).parts, torch.device("cpu"))


@given(any_binarizations, st.data())
def test_the_encoder_of_a_network_computes_the_channels_of_a_binarization(binarization, data):
    images_u8 = data.draw(images_for(binarization))
    encoder = encoder_of(binarization)
    channels = encoder(torch.from_numpy(images_u8))
    assert channels.dtype == torch.float32
    assert encoder.channels == binarization.channels
    assert np.array_equal(channels.numpy(), binarization.encode(images_u8))


@given(level_maps, st.sampled_from([1, 3]), st.data())
def test_the_encoder_of_greyscale_computes_levels_over_255(level_map, colors, data):
    images_u8 = data.draw(images(colors))
    channels = encoder_of(Greyscale(Arithmetic(), colors, level_map))(torch.from_numpy(images_u8)).numpy()
    planes = [images_u8] if colors == 1 else [np.ascontiguousarray(images_u8[..., i]) for i in range(colors)]
    expected = np.stack([level_map(plane) for plane in planes], axis=1)
    assert np.array_equal(channels, (expected / 255).astype(np.float32))


@given(level_maps, arithmetics, st.sampled_from([1, 3]))
def test_the_record_of_greyscale_gives_an_equal_input(level_map, arithmetic, colors):
    greyscale = Greyscale(arithmetic, colors, level_map)
    assert from_key(greyscale.key) == input_of(greyscale.record) == greyscale
    assert ("levels" in greyscale.record) == (level_map != GREY)


def test_greyscale_of_a_level_map_has_tables_and_text():
    plain, ratio = Greyscale(), Greyscale(level_map=Ratio(9))
    assert plain.key == '{"activations":"real","colors":1,"weights":"real"}'
    assert ratio.key == '{"activations":"real","colors":1,"levels":{"map":"ratio","window":9},"weights":"real"}'
    assert [str(plain), str(ratio), str(Greyscale(colors=3, level_map=Rank()))] == [
        "greyscale",
        "greyscale of ratio 9",
        "full color of rank",
    ]
    assert [plain.bits, Greyscale(colors=3, level_map=Rank()).bits] == [8, 24]
    assert Greyscale(colors=3, level_map=Rank()).level_maps == (Rank(),) * 3
    for table in Greyscale(colors=3, level_map=Rank()).tables:
        assert np.array_equal(table[:, 0], (np.arange(256) / 255).astype(np.float32))


def test_text_names_level_maps_that_are_not_grey():
    assert str(TWO) == "contrast 9: 0,120,255 + grey: 0,90,150,255 thermometer"
    assert TWO.titles == ["≥ mean of 9×9 − 8", "≥ 90", "≥ 150"]
    pattern = Binarization(CutPoints((128,)), "range", Arithmetic(), (Dither.bayer(2, 200),))
    assert pattern.ranges_text == "dither 2×2 spread 199: 0,128,255"
    color = ColorCutPoints((CutPoints((90,)),) * 3)
    assert Binarization(color, "range").ranges_text == "r:0,90,255 g:0,90,255 b:0,90,255"
    mixed = Binarization(color, "range", Arithmetic(), (GREY, Rank(), Standardized(0)))
    assert mixed.ranges_text == ("r grey: 0,90,255 + g rank: 0,90,255 + b standardized (whole image): 0,90,255")
