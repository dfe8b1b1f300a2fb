import pytest

from storage.attributes import INDEXED_ATTRIBUTES, IndexedAttribute, Kind
from storage.index.tables import SERIES_VALUE, TABLE_OF, column_names, snake_case
from storage.resource import Level


@pytest.mark.parametrize(
    ("keyword", "column"),
    [
        ("PatientID", "patient_id"),
        ("SOPInstanceUID", "sop_instance_uid"),
        ("IssuerOfPatientID", "issuer_of_patient_id"),
        ("PerformedProcedureStepStartDate", "performed_procedure_step_start_date"),
    ],
)
def test_columns_are_named_by_the_words_of_the_keyword(keyword: str, column: str) -> None:
    assert snake_case(keyword) == column


@pytest.mark.parametrize("attribute", INDEXED_ATTRIBUTES.values(), ids=lambda attribute: attribute.keyword)
def test_every_indexed_attribute_has_its_columns(attribute: IndexedAttribute) -> None:
    columns = TABLE_OF[attribute.level].columns
    names = column_names(attribute)
    match attribute.kind:
        case Kind.TEXT:
            assert names == (snake_case(attribute.keyword),)
        case Kind.NAME:
            assert [name.rpartition("_")[2] for name in names] == ["alphabetic", "ideographic", "phonetic"]
        case Kind.LIST:
            assert names == ()
            assert attribute.level is Level.SERIES, "only series have a table of listed values"
            assert set(SERIES_VALUE.columns.keys()) == {"series_row", "keyword", "value"}
    assert set(names) <= set(columns.keys())
    assert not any(columns[name].nullable for name in names)
