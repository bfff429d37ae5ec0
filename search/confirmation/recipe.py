"""The protocol of a confirmation, and the test photos that it needs."""

from dataclasses import replace

import numpy as np

from models.recipe import CONFIRMED
from search.confirmation.compare import photos_without_copies
from search.console.messages import plural
from search.data.split import Fold, Split, by_appearance, digest
from search.errors import BadInput
from search.evaluation.budgets import AUGMENTATIONS, BUDGETS
from search.evaluation.protocol import FIRST_SEED, Protocol, make_protocol


def confirmation_protocol(
    split: Split, budget: str, precision: str | None = None, study: Protocol | None = None
) -> Protocol:
    """The protocol of a confirmation: all photos but the test photos train, by the budget's recipe.

    study: the protocol of the study. A confirmation keeps its network, its settings of binary layers, its precision
    unless another one is given, and its choice of no augmentation.
    """
    whole = replace(split, folds=(Fold(split.development, split.test),))
    recipe = BUDGETS[budget].recipe
    if study is not None:
        kept = {name: getattr(study.recipe, name) for name in CONFIRMED}
        recipe = replace(recipe, **kept, precision=study.recipe.precision)
        if not study.recipe.augmentation:
            recipe = replace(recipe, augmentation=AUGMENTATIONS["none"])
    if precision is not None:
        recipe = replace(recipe, precision=precision)
    made = make_protocol(whole, replace(BUDGETS[budget], recipe=recipe), FIRST_SEED)
    sides = by_appearance(split.development.groups), by_appearance(split.test.groups)
    return replace(made, photos="test", split_fingerprint=digest(*sides))


def check_test_photos(split: Split) -> None:
    """Checks that enough test photos are left, before anything is trained. Raises: BadInput."""
    kept = photos_without_copies(split.test, split.development, split.pictures.similarity)
    photos = split.test[np.flatnonzero(kept)].photos
    if photos < FEWEST_PHOTOS:
        raise BadInput(
            f"{split.pictures.origin}: {plural(photos, 'test photo')} without near copies or images of its "
            f"group among the training photos; a confirmation needs at least {FEWEST_PHOTOS}"
        )


FEWEST_PHOTOS = 2
