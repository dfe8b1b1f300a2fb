"""DICOM JSON objects of all kinds of values, as the metadata of a stored instance have them (PS3.18 F.2)."""

from base64 import b64encode

from hypothesis import strategies as st

from app.dicom.values import MAX_SAFE_INTEGER

Attribute = dict[str, object]
Attributes = dict[str, Attribute]

TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\r\n&<>\"'\\^= "),
    min_size=1,
    max_size=12,
)
SAFE_INTEGERS = st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
LARGE_INTEGERS = st.integers(MAX_SAFE_INTEGER + 1, 2**63 - 1).map(str)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
GROUP = TEXT.filter(lambda text: "=" not in text)
PERSON_NAME = st.fixed_dictionaries({}, optional={"Alphabetic": GROUP, "Ideographic": GROUP, "Phonetic": GROUP}).map(
    lambda name: name or None
)

VALUES: dict[str, st.SearchStrategy[object]] = {
    **dict.fromkeys(("AE", "CS", "DA", "LO", "LT", "SH", "TM", "UC", "UI", "UR", "UT"), TEXT),
    "AT": st.integers(0, 2**32 - 1).map(lambda tag: f"{tag:08X}"),
    "DS": FLOATS,
    "FD": FLOATS | st.sampled_from(["NaN", "Infinity", "-Infinity"]),
    "FL": FLOATS,
    "IS": SAFE_INTEGERS | LARGE_INTEGERS,
    "PN": PERSON_NAME,
    "SS": st.integers(-(2**15), 2**15 - 1),
    "SV": SAFE_INTEGERS | LARGE_INTEGERS,
    "UL": st.integers(0, 2**32 - 1),
}
BINARY_VRS = st.sampled_from(["OB", "OW", "OF", "OD", "OL", "OV", "UN"])
# No sequence stands before the character set (0008,0005), which a reader must know when it comes to the text in items.
KEYS = st.integers(0x00080006, 0x7FE0FFFF).map(lambda tag: f"{tag:08X}") | st.tuples(
    st.sampled_from(["0009", "0029"]), st.sampled_from(["00", "0F", "10", "11", "A0"]), st.integers(0, 255)
).map(lambda parts: f"{parts[0]}{parts[1]}{parts[2]:02X}")
CREATORS = st.dictionaries(
    st.tuples(st.sampled_from(["0009", "0029"]), st.sampled_from(["10", "11", "A0", "FF"])).map("00".join),
    TEXT | st.sampled_from(["ACME", "SIEMENS CSA HEADER"]),
    max_size=4,
)

valued: st.SearchStrategy[Attribute] = st.sampled_from(sorted(VALUES)).flatmap(
    lambda vr: st.lists(VALUES[vr] | st.none(), max_size=3).map(
        lambda values: {"vr": vr, "Value": values} if values else {"vr": vr}
    )
)
inline: st.SearchStrategy[Attribute] = st.tuples(BINARY_VRS, st.binary(min_size=1, max_size=9)).map(
    lambda made: {"vr": made[0], "InlineBinary": b64encode(made[1]).decode()}
)
bulk: st.SearchStrategy[Attribute] = st.tuples(BINARY_VRS, TEXT).map(
    lambda made: {"vr": made[0], "BulkDataURI": made[1]}
)


empty_sequence: st.SearchStrategy[Attribute] = st.just({"vr": "SQ"})


def _with_sequences(attribute: st.SearchStrategy[Attribute]) -> st.SearchStrategy[Attribute]:
    items = st.lists(_data_sets(attribute), min_size=1, max_size=3)
    return items.map(lambda made: {"vr": "SQ", "Value": made})


def _data_sets(attribute: st.SearchStrategy[Attribute]) -> st.SearchStrategy[Attributes]:
    return st.tuples(st.dictionaries(KEYS, attribute, max_size=6), CREATORS).map(
        lambda made: made[0] | {key: {"vr": "LO", "Value": [name]} for key, name in made[1].items()}
    )


attributes = st.recursive(valued | inline | bulk | empty_sequence, _with_sequences, max_leaves=12)
documents: st.SearchStrategy[Attributes] = _data_sets(attributes)
