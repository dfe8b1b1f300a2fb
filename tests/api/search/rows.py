"""Queries on the hand-made archive. Those of BY_HAND say what they find: numbers of studies, series and instances."""

from tests.reference.archive import INSTANCE, SERIES, STUDY

Row = tuple[str, str]

_EVERY_STUDY = " ".join(str(number) for number in range(1, 31))
_WITH_A_NAME = " ".join(str(number) for number in range(1, 31) if number not in {6, 7})

BY_HAND: list[tuple[str, str, str]] = [
    # C.2.2.2.1 single values: every character and its case count, spaces around do not, wildcards of databases neither.
    (STUDY, "PatientID=A1", "1 2 3"),
    (STUDY, "PatientID=a1", "4"),
    (STUDY, "PatientID=A1&IssuerOfPatientID=HOSPITAL B", "2"),
    (STUDY, "PatientID=100%", "5"),
    (STUDY, "PatientID=100_", "6"),
    (STUDY, "PatientID=[A-Z]1", "8"),
    (STUDY, "PatientID=' OR 1=1 --", "12"),
    (STUDY, "PatientID=padded", "13"),
    (STUDY, "PatientID= padded ", "13"),
    (STUDY, "PatientID=A,B", "11"),
    (STUDY, "StudyInstanceUID=1.2.3.1", "1"),
    (STUDY, "StudyDescription=ABDOMEN", "30"),
    (STUDY, "StudyDescription=two  words", "13"),
    (STUDY, 'StudyDescription=Say "cheese", 50% off; a_b [c] {d} (e)+f/g#h%26i=j', "11"),
    (STUDY, "AccessionNumber=ACC1", "1"),
    # PS3.5 6.2: in a text, spaces before it are part of it.
    (STUDY, "PatientComments=  leading counts", "30"),
    (STUDY, "PatientComments=leading counts", ""),
    # C.2.2.2.2 lists of UIDs.
    (STUDY, "StudyInstanceUID=1.2.3.7,1.2.3.30,9.9", "7 30"),
    (STUDY, "StudyInstanceUID=1.2.3.7\\1.2.3.30", "7 30"),
    (SERIES, "SeriesInstanceUID=1.2.3.1.2,1.2.3.23.3", "1.2 23.3"),
    # C.2.2.2.3 universal matching.
    (STUDY, "PatientName=", _EVERY_STUDY),
    (STUDY, "PatientName=*", _EVERY_STUDY),
    (STUDY, "StudyDate=&PatientID=100X", "7"),
    # C.2.2.2.4 wildcards.
    (STUDY, "PatientID=A*", "1 2 3 11"),
    (STUDY, "PatientID=?1", "1 2 3 4"),
    (STUDY, "PatientID=100?", "5 6 7"),
    (STUDY, "PatientID=*1*", "1 2 3 4 5 6 7 8 12 14 15 16 17 18 19 21"),
    (STUDY, "PatientID=Q?", "9 10"),
    (STUDY, "PatientID=*]*", "8"),
    (STUDY, "PatientID=*%", "5"),
    (STUDY, "AccessionNumber=ACC1*", "1 2"),
    (STUDY, "StudyDescription=*bdomen", "12"),
    (STUDY, "StudyDescription=*%*_*", "11"),
    # Person names: case and accents do not count, each component group is for itself.
    (STUDY, "PatientName=müller^anne", "2 3"),
    (STUDY, "PatientName=MULLER^ÄNNE", "2 3"),
    (STUDY, "PatientName=Mueller^Anne", "4"),
    (STUDY, "PatientName=m*ller^*", "2 3 4"),
    (STUDY, "PatientName=Smith", ""),
    (STUDY, "PatientName=Smith*", "26 27 28"),
    (STUDY, "PatientName=*Smith*", "26 27 28 29"),
    (STUDY, "PatientName=Smith^John", "26"),
    (STUDY, "PatientName=Smith^John*", "26 27"),
    (STUDY, "PatientName=山田^太郎", "1"),
    (STUDY, "PatientName=山田*", "1"),
    (STUDY, "PatientName=やまだ^*", "1"),
    (STUDY, "PatientName==王*", "9"),
    (STUDY, "PatientName=?^길동", "10"),
    (STUDY, "PatientName=Hong*=洪*=홍*", "10"),
    (STUDY, "PatientName=Yamada*=洪*", ""),
    (STUDY, "PatientName=o'brien^sean^^dr^jr", "5"),
    (STUDY, "PatientName=De La Cruz^Maria Jose", "30"),
    (STUDY, "PatientName=Robert')*", "12"),
    (STUDY, "ReferringPhysicianName=angstrom*", "30"),
    # C.2.2.2.5 ranges; dates and times as they were written before DICOM 3 are dates and times.
    (STUDY, "StudyDate=20200101", "1 2"),
    (STUDY, "StudyDate=20200101-20200102", "1 2 3 4"),
    (STUDY, "StudyDate=-19991231", "8"),
    (STUDY, "StudyDate=20240229-", "26 27 28 29 30"),
    (STUDY, "StudyDate=19970424", "8"),
    (STUDY, "StudyTime=103000-103059", "8"),
    (STUDY, "StudyTime=115959-120000", "23 29 30"),
    (STUDY, "StudyTime=235959.999999", "5"),
    (STUDY, "StudyTime=-000000", "26 28"),
    (STUDY, "StudyDate=20240229-20240301&StudyTime=120000-115959", "27 28 30"),
    (STUDY, "StudyDate=20240229-&StudyTime=120000-", "27 28 29 30"),
    (STUDY, "StudyDate=20240229-20240301&StudyTime=115959-", "27 29 30"),
    (INSTANCE, "AcquisitionDateTime=20200615100000.000000+0000", "15.1.1 15.1.2 15.1.4"),
    (INSTANCE, "AcquisitionDateTime=20200615120000.000001+0200-", "15.1.3"),
    # A value or a key without an offset from UTC is of its data set's time zone, or the request's, or as it is written.
    (INSTANCE, "AcquisitionDateTime=20170615100000+0000", "15.1.7"),
    (INSTANCE, "AcquisitionDateTime=20170615120000", "15.1.7"),
    (INSTANCE, "AcquisitionDateTime=20170615080000&TimezoneOffsetFromUTC=-0200", "15.1.7"),
    (INSTANCE, "AcquisitionDateTime=20200615100000", "15.1.2 15.1.3"),
    (INSTANCE, "AcquisitionDateTime=20200615120000&TimezoneOffsetFromUTC=+0200", "15.1.1 15.1.2 15.1.3 15.1.4"),
    (INSTANCE, "AcquisitionDateTime=20180615150000+0500", "16.1.1 16.1.5"),
    (INSTANCE, "AcquisitionDateTime=2018-201806", "16.1.1 16.1.2 16.1.3 16.1.4 16.1.5"),
    (INSTANCE, "AcquisitionDateTime=20180602-", "15.1.1 15.1.2 15.1.3 15.1.4 16.1.1 16.1.4 16.1.5"),
    # C.2.2.2.6 sequences: all keys in one and the same item.
    (SERIES, "RequestAttributesSequence.ScheduledProcedureStepID=S1", "17.1 17.2 18.1"),
    (
        SERIES,
        "RequestAttributesSequence.ScheduledProcedureStepID=S1&RequestAttributesSequence.RequestedProcedureID=P2",
        "17.2",
    ),
    (SERIES, "00400275.00400009=S?", "17.1 17.2 18.1"),
    (SERIES, "RequestAttributesSequence.ScheduledProtocolCodeSequence.CodeValue=C2", "17.2 18.1"),
    (
        SERIES,
        "RequestAttributesSequence.ScheduledProcedureStepID=S1&00400275.00400008.CodeValue=C2",
        "17.2",
    ),
    (STUDY, "OtherPatientIDsSequence.PatientID=X1&OtherPatientIDsSequence.IssuerOfPatientID=I1", "18"),
    (STUDY, "OtherPatientIDsSequence.PatientID=X2&OtherPatientIDsSequence.IssuerOfPatientID=I1", ""),
    (STUDY, "PatientID=X1", ""),
    # C.2.2.2.7 empty values.
    (STUDY, 'PatientName=""&emptyvaluematching=true', "6 7"),
    (STUDY, 'PatientName=""&PatientID=100X&emptyvaluematching=true', "7"),
    (SERIES, 'SeriesDescription=""&StudyInstanceUID=1.2.3.23,1.2.3.6&emptyvaluematching=true', "6.1"),
    # C.2.2.2.8 multiple values, and attributes of several values.
    (STUDY, "ModalitiesInStudy=CT\\MR&multiplevaluematching=true", "1 19"),
    (STUDY, "ModalitiesInStudy=SR\\SEG\\CT&multiplevaluematching=true", "23"),
    (STUDY, "MedicalAlerts=LATEX\\PEANUTS&multiplevaluematching=true", "14"),
    (STUDY, "MedicalAlerts=LATEX", "14"),
    (STUDY, "OtherPatientNames=multi*", "14"),
    (INSTANCE, "ImageType=PRIMARY", "14.1.1"),
    (INSTANCE, "ImageType=?E*ED", "14.1.2"),
    # PS3.18 8.3.4.1 repeated keys: any of the values.
    (STUDY, "PatientID=A1&PatientID=Q*", "1 2 3 9 10"),
    (STUDY, "ModalitiesInStudy=US&ModalitiesInStudy=SR", "23 30"),
    # Several values in one key mean the same (left open by C.2.2.2.8); viewers write a list of modalities with commas.
    (STUDY, "PatientID=A1\\Q*", "1 2 3 9 10"),
    (STUDY, "ModalitiesInStudy=US,SR", "23 30"),
    (SERIES, "Modality=SEG,SR,XX", "23.2 23.3"),
    (INSTANCE, "ImageType=AXIAL\\SECONDARY", "14.1.1 14.1.2"),
    # Levels: what holds above, and what holds below for one and the same part.
    (SERIES, "PatientID=A1&Modality=MR", "1.2 3.1"),
    (INSTANCE, "PatientName=parts*&Modality=CT", "23.1.1 23.1.2"),
    (STUDY, "SeriesDescription=Thorax*", "23"),
    (STUDY, "Modality=SEG&SeriesDescription=Thorax", ""),
    (STUDY, "Modality=CT&InstanceNumber=2", "23"),
    (STUDY, "Modality=SEG&InstanceNumber=1", ""),
    (STUDY, "InstanceNumber=3&ContentDate=20220202", "23"),
    (STUDY, "InstanceNumber=1&ContentDate=20220202", ""),
    (SERIES, "SOPInstanceUID=1.2.3.23.2.1", "23.2"),
    (STUDY, "SOPClassUID=1.2.840.10008.5.1.4.1.1.88.22", "23"),
    (STUDY, "PatientName=Last*", ""),
    (STUDY, "StudyDate=20230101-20231231", "25"),
    # Numbers are compared as numbers.
    (SERIES, "SeriesNumber=7", "24.1"),
    (SERIES, "SeriesNumber=1", "23.1"),
    (INSTANCE, "InstanceNumber=07", "24.1.1"),
    (INSTANCE, "InstanceNumber=-7", "24.1.3"),
    (INSTANCE, "SliceThickness=5.00", "24.1.1 24.1.2 24.1.3"),
    (INSTANCE, "PixelSpacing=0.250", "24.1.3"),
    (INSTANCE, "Rows=51", "24.1.2"),
    (STUDY, "PatientWeight=70.5", "24"),
    # Private attributes: the creator says which block.
    (INSTANCE, "00090010=ACME 1.1&00091001=alpha", "20.1.1 21.1.1"),
    (INSTANCE, "00090010=OTHER&00091001=beta", "22.1.1"),
    (INSTANCE, "00090010=OTHER&00091001=alpha", ""),
    # Fuzzy semantic matching: words in any order, and how they begin.
    (STUDY, "PatientName=John Smith&fuzzymatching=true", "26 27 28 29"),
    (STUDY, "PatientName=maria cruz&fuzzymatching=true", "30"),
    (STUDY, "PatientName=jose&fuzzymatching=true", "30"),
]
"""Level, query as people write it, what it finds."""

FUZZY_AT_LEAST: list[tuple[str, str]] = [
    ("PatientName=Smyth^John&fuzzymatching=true", "26"),
    ("PatientName=Jon Smith&fuzzymatching=true", "26 29"),
    ("PatientName=Muler&fuzzymatching=true", "2 3"),
]
"""Names that sound alike: these studies at least."""

ALSO: list[Row] = [
    *((STUDY, f"PatientID={value}") for value in ("A", "1", "100", "100%25", "Q", "Q*", "*", "**", "???", "A1 ")),
    *((STUDY, f"PatientID={value}") for value in ("*[*", "[*", "*A-Z*", "%", "_", "*'*", "*--", "m14", "M??", "*4*")),
    *((SERIES, f"PatientID={value}") for value in ("A1", "a1", "A*", "?2?", "[A-Z]1", "S1*", "*7", "none", "")),
    *((INSTANCE, f"PatientID={value}") for value in ("A1", "N24", "T1?", "P2*", "D25", "*0", "")),
    *(
        (STUDY, f"StudyDescription={value}")
        for value in ("abdomen", "Abdomen", "*BDOM*", "?bdomen", "*+f/g#*", "*%26i=j")
    ),
    *((STUDY, f"StudyDescription={value}") for value in ('*"*', "*cheese*", "* * *", "*;*", "two words", "*(e)+f*")),
    *((STUDY, f"PatientName={value}") for value in ("*^*", "?????^*", "a*", "*a", "*ä*", "ÅÄÖ*", "*^^*", "*jr")),
    *(
        (STUDY, f"PatientName={value}")
        for value in ("smith^john^", "smith^john^^^", "SMITH^*", "*^JOHN", "john*", "*o*h*")
    ),
    *(
        (STUDY, f"PatientName={value}")
        for value in ("王^小東", "王^*", "*小*", "홍^길동", "洪?吉洞", "=洪^吉洞", "==홍^길동")
    ),
    *((STUDY, f"PatientName={value}") for value in ("wang^xiaodong=王^小東", "wang*=洪*", "*=?^*", "*;*", "*'*")),
    *((STUDY, f"PatientName={value}") for value in ("O_Brien*", "O%Brien*", "*Se?n*", "last*", "first^wins", "*José")),
    *((INSTANCE, f"PatientName={value}") for value in ("last*", "first*", "*ü*", "num^ber", "Time*", "=山田*")),
    *((SERIES, f"OperatorsName={value}") for value in ("op^*", "OP^TWO", "öp^one", "*one")),
    *((STUDY, f"StudyDate={value}") for value in ("20191231", "20200103", "19970101-19971231", "20191231-20200101")),
    *(
        (STUDY, f"StudyDate={value}")
        for value in ("-20191231", "20200102-", "-20200101", "20240229", "20240228-20240229")
    ),
    *(
        (SERIES, f"StudyDate={value}")
        for value in ("20200101", "20230101-", "20231231", "-19970424", "20240301-20240301")
    ),
    *((INSTANCE, f"StudyDate={value}") for value in ("20230101", "20231231", "20220202", "20200101-20200102")),
    *((STUDY, f"PatientBirthDate={value}") for value in ("19800229", "19800228", "-19800229", "19800301-", "")),
    *(
        (STUDY, f"StudyTime={value}")
        for value in ("083000", "000000", "120000", "235959", "103015", "-083000", "235959-")
    ),
    *(
        (STUDY, f"StudyTime={value}")
        for value in ("083000.5-", "083000.4-083000.6", "-235959.999998", "115959.123", "12-13")
    ),
    *(
        (STUDY, f"StudyTime={value}")
        for value in ("1030-1031", "10-11", "115959.12-115959.13", "0000-0001", "2359-", "-0001")
    ),
    *(
        (STUDY, f"StudyDate={date}&StudyTime={time}")
        for date in ("20200101-20200102", "20191231-20240229", "20240229-20240301", "20240301-20240301")
        for time in ("000000-235959", "083000-115959", "115959-120000", "235959-000000", "120000", "-120000", "083000-")
    ),
    *(
        (STUDY, f"StudyDate={date}-&StudyTime={time}-")
        for date in ("20200101", "20240229")
        for time in ("0830", "2359")
    ),
    *(
        (STUDY, f"StudyDate=-{date}&StudyTime=-{time}")
        for date in ("20200101", "20240301")
        for time in ("083000", "12")
    ),
    *(
        (SERIES, f"SeriesDate={date}&SeriesTime={time}")
        for date, time in (("20240301-20240302", "070000-060000"), ("20240302-", "060001-"), ("-20240302", "-060000"))
    ),
    *(
        (level, f"ContentDate=2022020{day}-20220203&ContentTime={time}-120000")
        for level in (STUDY, SERIES, INSTANCE)
        for day, time in ((1, "140000"), (2, "130000"), (2, "130001"), (3, "000000"))
    ),
    *(
        (INSTANCE, f"AcquisitionDateTime={value}")
        for value in (
            "20200615120000+0200-20200615120000+0200",
            "-20200615095959.999999+0000",
            "20200615100000+0000-",
            "20200614225959-1100-20200614230000-1100",
            "20200615000000+0000-20200616000000+0000",
            "20200615100000.000002+0000-20200615110000+0000",
            "2018",
            "201806",
            "2018061510",
            "-2018",
            "2017-2020",
            "20180615100000.25-20180615100000.3",
            "-20200614-1100",
            "20200614230000-1100",
            "",
        )
    ),
    *((STUDY, f"ModalitiesInStudy={value}") for value in ("CT", "MR", "C?", "?R", "S*", "XX", "ct", "", "*", "PT")),
    *(
        (STUDY, f"SOPClassesInStudy={value}")
        for value in ("1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1", "1.2")
    ),
    *((SERIES, f"ModalitiesInStudy={value}") for value in ("MR", "SR", "SEG\\SR&multiplevaluematching=true")),
    *(
        (STUDY, f"ModalitiesInStudy={value}&multiplevaluematching=true")
        for value in ("CT\\PT", "MR\\CT", "CT", "MR\\SR")
    ),
    *(
        (STUDY, f"MedicalAlerts={value}&multiplevaluematching=true")
        for value in ("PEANUTS\\NUTS", "PEANUTS", "LATEX\\LATEX")
    ),
    *((INSTANCE, f"ImageType={value}&multiplevaluematching=true") for value in ("AXIAL\\ORIGINAL", "AXIAL\\DERIVED")),
    *(
        (level, f"Modality={value}")
        for level in (STUDY, SERIES, INSTANCE)
        for value in ("MR", "SR", "S?", "S*", "?", "", "us")
    ),
    *(
        (level, f"SeriesDescription={v}")
        for level in (STUDY, SERIES, INSTANCE)
        for v in ("Thorax", "thorax", "*M*", "Thorax ")
    ),
    *(
        (level, f"Manufacturer={v}")
        for level in (STUDY, SERIES, INSTANCE)
        for v in ("ACME", "acme", "*e*", "A?ME", "Nobody")
    ),
    *((level, f"SoftwareVersions={v}") for level in (STUDY, SERIES, INSTANCE) for v in ("1.0", "2.0", "?.0")),
    *(
        (level, f"SliceLocation={v}")
        for level in (STUDY, SERIES, INSTANCE)
        for v in ("-1.5", "-1.50", "0", "0.0", "-0", "1")
    ),
    *(
        (level, f"SeriesNumber={v}")
        for level in (STUDY, SERIES, INSTANCE)
        for v in ("1", "10", "007", "+7", "2", "100", "")
    ),
    *((level, f"InstanceNumber={v}") for level in (STUDY, SERIES, INSTANCE) for v in ("1", "7", "70", "-7", "0", "3")),
    *(
        (INSTANCE, f"{key}={v}")
        for key, v in (("EchoTime", "10"), ("EchoTime", "1E1"), ("Rows", "512"), ("Rows", "5120"))
    ),
    *((INSTANCE, f"DiffusionBValue={v}") for v in ("1000.5", "1000.50", "10005e-1", "1000")),
    *((STUDY, f"PatientAge={v}") for v in ("045Y", "45Y", "046Y", "")),
    *((STUDY, f"PatientWeight={v}") for v in ("70.50", "7.05e1", "70", "+70.5", "")),
    *((STUDY, f"PatientSex={v}") for v in ("M", "F", "m", "?", "*", "O")),
    *(
        (level, f"SOPInstanceUID=1.2.3.{v}")
        for level in (STUDY, SERIES, INSTANCE)
        for v in ("24.1.4", "24.1", "1.1.1,1.2.3.2.1.1")
    ),
    *(
        (level, f"SeriesInstanceUID=1.2.3.{v}")
        for level in (STUDY, SERIES, INSTANCE)
        for v in ("1.1", "1", "4.1\\1.2.3.4.2")
    ),
    *(
        (level, f"StudyInstanceUID=1.2.3.{v}")
        for level in (STUDY, SERIES, INSTANCE)
        for v in ("1", "3", "12,1.2.3.13", "31")
    ),
    *((level, "SpecificCharacterSet=ISO_IR 6") for level in (STUDY, SERIES)),
    *(
        (level, f"RequestAttributesSequence.ScheduledProcedureStepID={step}&00400275.00401001={procedure}")
        for level in (STUDY, SERIES, INSTANCE)
        for step in ("S1", "S2", "S?", "*")
        for procedure in ("P1", "P2", "")
    ),
    *(
        (
            level,
            f"RequestAttributesSequence.ScheduledProtocolCodeSequence.CodeValue={code}&00400275.00401001={procedure}",
        )
        for level in (STUDY, SERIES)
        for code in ("C1", "C2", "C?", "CHEST")
        for procedure in ("P1", "P2")
    ),
    *(
        (level, f"ProcedureCodeSequence.CodeMeaning={v}")
        for level in (STUDY, SERIES)
        for v in ("Chest*", "*Lung", "chest*")
    ),
    *(
        (STUDY, f"OtherPatientIDsSequence.{k}={v}")
        for k, v in (("PatientID", "X?"), ("IssuerOfPatientID", "I1"), ("PatientID", ""))
    ),
    *(
        (level, f'{key}=""&emptyvaluematching=true')
        for level in (STUDY, SERIES, INSTANCE)
        for key in (
            "PatientSex",
            "StudyDate",
            "StudyTime",
            "StudyID",
            "StudyDescription",
            "IssuerOfPatientID",
            "AccessionNumber",
            "SeriesDescription",
            "AcquisitionDateTime",
            "ImageType",
            "BodyPartExamined",
            "PatientName",
        )
    ),
    *(
        (STUDY, f'PatientID=100?&{key}=""&emptyvaluematching=true')
        for key in ("StudyDate", "PatientName", "PatientSex")
    ),
    *(
        (STUDY, f"PatientID={a}&PatientID={b}")
        for a, b in (("A1", "a1"), ("x", "Q?"), ("A*", "100%"), ("none", "none"))
    ),
    *((STUDY, f"StudyDate={a}&StudyDate={b}") for a, b in (("20200101", "20200102"), ("-19991231", "20240301-"))),
    *((STUDY, f"PatientName={a}&00100010={b}") for a, b in (("smith*", "*^smith"), ("müller*", "=洪*"))),
    *((SERIES, f"Modality={a}&Modality={b}&PatientID={c}") for a, b, c in (("CT", "MR", "A1"), ("SR", "US", "*"))),
    *((STUDY, f"PatientName={v}&fuzzymatching=true") for v in ("smith", "JOHN")),
    *((INSTANCE, f"00090010=ACME 1.1&00091002={v}") for v in ("1.5", "1.50", "2")),
    *((level, "00090010=ACME 1.1&00091001=al*") for level in (STUDY, SERIES, INSTANCE)),
    *((STUDY, f"Modality={a}&Manufacturer={b}") for a in ("CT", "SEG", "S*") for b in ("ACME", "Other", "*")),
    *((STUDY, f"SeriesNumber={a}&InstanceNumber={b}") for a in ("1", "2", "10") for b in ("1", "2", "3")),
    *((SERIES, f"Modality={a}&InstanceNumber={b}") for a in ("CT", "SEG", "SR") for b in ("1", "2", "3")),
]
"""More queries, whose answers the matcher works out."""

SCOPED: list[tuple[str, str, str, str]] = [
    (level, query, study, "")
    for level in (SERIES, INSTANCE)
    for study in ("1.2.3.1", "1.2.3.23", "1.2.3.24", "1.2.3.14")
    for query in (
        "",
        "Modality=CT",
        "Modality=MR",
        "InstanceNumber=1",
        "PatientID=A1",
        "PatientName=*a*",
        "ImageType=D*",
    )
] + [
    (INSTANCE, query, "1.2.3.23", series)
    for series in ("1.2.3.23.1", "1.2.3.23.3", "1.2.3.1.1")
    for query in ("", "InstanceNumber=1", "SliceLocation=0", "Modality=CT", "StudyDate=20220202")
]
"""The same below a study or series: level, query, UID of the study, and of the series."""
