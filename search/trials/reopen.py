"""Loads the images of a study again, from where the study says that they are."""

from dataclasses import asdict, replace
from pathlib import Path

import optuna

from search.data.load import load_pictures
from search.data.pictures import Pictures
from search.data.source import Source
from search.data.split import Split, split_pictures
from search.errors import BadInput, ProtocolMismatch
from search.evaluation.protocol import Protocol, differences
from storage.attributes import SOURCE, internal, set_internal
from storage.results import Results


def remember_source(study: optuna.Study, source: Source, pictures: Pictures) -> None:
    """Store where and how the images were read, so that a confirmation finds them again from any folder."""
    named = pictures.name if source.data in (None, "digits", "sign-mnist") else str(Path(str(source.data)).resolve())
    folder = pictures.origin if named == "sign-mnist" else None
    known = {
        key: value for key, value in asdict(replace(source, data=named, data_dir=None)).items() if value is not None
    }
    known |= {} if folder is None else {"data_dir": str(Path(folder).resolve())}
    if internal(study, SOURCE) != known:
        set_internal(study, SOURCE, known)


def pictures_of(results: Results | None, named: Source | None = None, data_dir: Path | None = None) -> Pictures:
    """Load the named images, or else the study's, from where the study read them.

    data_dir: the folder to search for Sign Language MNIST instead. Raises: BadInput.
    """
    if named is not None or results is None:
        return load_pictures(named or Source())[0]
    known = internal(results.study, SOURCE)
    if known is None:
        raise BadInput(f"study {results.study.study_name!r} does not say where its images lie: name them with --data")
    if data_dir is not None and not data_dir.is_dir():
        raise BadInput(f"--data-dir {data_dir}: there is no such folder; leave it out, or name the one with the CSVs")
    source = Source(**known | ({} if data_dir is None else {"data_dir": data_dir}))
    if source.data_dir is not None and not Path(source.data_dir).is_dir():
        source = replace(source, data_dir=None)  # moved since; it may be found elsewhere
    try:
        return load_pictures(source)[0]
    except BadInput as error:
        raise BadInput(
            f"the images of study {results.study.study_name!r}: {error}; --data names another place"
        ) from error


def split_of(pictures: Pictures, results: Results | None, rival: Results | None) -> Split:
    """Return the study's split of these images. Raises: ProtocolMismatch if they are not the study's images."""
    if results is None:
        return split_pictures(pictures, 0)
    protocol = Protocol.from_dict(results.protocol)
    split = split_pictures(pictures, protocol.seed, protocol.folds)
    now = {"data_fingerprint": split.data_fingerprint, "split_fingerprint": split.split_fingerprint}
    if found := [name for name, value in now.items() if getattr(protocol, name) != value]:
        raise ProtocolMismatch(
            f"these are not the images of study {results.study.study_name!r} ({', '.join(found)}: "
            f"{getattr(protocol, found[0])} in the study, {now[found[0]]} now); name the study's images "
            "with --data and its other flags"
        )
    if rival is not None and rival.protocol_fingerprint != results.protocol_fingerprint:
        raise ProtocolMismatch(
            f"--rival {rival.study.study_name}: {'; '.join(differences(results.protocol, rival.protocol))}; "
            "only studies of one protocol can be compared"
        )
    return split
