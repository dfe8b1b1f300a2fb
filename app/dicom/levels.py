"""Which attributes belong to the study and which to the series: what all instances of it share (PS3.3 7.3.1, A.1.2).

By module, as PS3.3 lists them; a private or unknown attribute belongs to the instance.
"""

from pydicom.datadict import tag_for_keyword

from storage.resource import Level

_EVERY_LEVEL = "SpecificCharacterSet TimezoneOffsetFromUTC"
"""SOP Common attributes that tell how to read the others, at whatever level those are."""

_PATIENT = """
    PatientName PatientID IssuerOfPatientID IssuerOfPatientIDQualifiersSequence TypeOfPatientID OtherPatientIDs
    OtherPatientIDsSequence OtherPatientNames PatientBirthDate PatientBirthDateInAlternativeCalendar
    PatientDeathDateInAlternativeCalendar PatientAlternativeCalendar PatientBirthTime PatientSex
    ReferencedPatientSequence ReferencedPatientPhotoSequence PatientBirthName PatientMotherBirthName
    PatientAddress PatientTelephoneNumbers PatientTelecomInformation EthnicGroup EthnicGroupCodeSequence
    PatientReligiousPreference MilitaryRank BranchOfService CountryOfResidence RegionOfResidence PatientComments
    QualityControlSubject StrainDescription StrainNomenclature StrainStockSequence StrainAdditionalInformation
    StrainCodeSequence GeneticModificationsSequence PatientSpeciesDescription PatientSpeciesCodeSequence
    PatientBreedDescription PatientBreedCodeSequence BreedRegistrationSequence ResponsiblePerson
    ResponsiblePersonRole ResponsibleOrganization PatientIdentityRemoved DeidentificationMethod
    DeidentificationMethodCodeSequence SourcePatientGroupIdentificationSequence
    GroupOfPatientsIdentificationSequence PatientInsurancePlanCodeSequence PatientPrimaryLanguageCodeSequence
"""
"""Patient Module (PS3.3 C.7.1.1), and the related attributes of C.2.2 and C.2.3."""

_PATIENT_SINCE_2023 = ("00100011", "00100014", "00100041", "00100043", "00102162")
"""PersonNamesToUseSequence, ThirdPersonPronounsSequence, GenderIdentitySequence, EthnicGroups and
SexParametersForClinicalUseCategorySequence: of the Patient Module too, but not in pydicom's dictionary.
"""

_CLINICAL_TRIAL_SUBJECT = """
    ClinicalTrialSponsorName ClinicalTrialProtocolID IssuerOfClinicalTrialProtocolID
    OtherClinicalTrialProtocolIDsSequence ClinicalTrialProtocolName ClinicalTrialSiteID
    IssuerOfClinicalTrialSiteID ClinicalTrialSiteName ClinicalTrialSubjectID IssuerOfClinicalTrialSubjectID
    ClinicalTrialSubjectReadingID IssuerOfClinicalTrialSubjectReadingID ClinicalTrialProtocolEthicsCommitteeName
    ClinicalTrialProtocolEthicsCommitteeApprovalNumber
"""
"""Clinical Trial Subject Module (PS3.3 C.7.1.3)."""

_STUDY = """
    StudyInstanceUID StudyDate StudyTime ReferringPhysicianName ReferringPhysicianIdentificationSequence
    ConsultingPhysicianName ConsultingPhysicianIdentificationSequence StudyID AccessionNumber
    IssuerOfAccessionNumberSequence StudyDescription PhysiciansOfRecord PhysiciansOfRecordIdentificationSequence
    NameOfPhysiciansReadingStudy PhysiciansReadingStudyIdentificationSequence RequestingService
    RequestingServiceCodeSequence ReferencedStudySequence ProcedureCodeSequence
    ReasonForPerformedProcedureCodeSequence ReasonForVisit ReasonForVisitCodeSequence
"""
"""General Study Module (PS3.3 C.7.2.1)."""

_PATIENT_STUDY = """
    AdmittingDiagnosesDescription AdmittingDiagnosesCodeSequence PatientAge PatientSize PatientWeight
    PatientBodyMassIndex MeasuredAPDimension MeasuredLateralDimension PatientSizeCodeSequence MedicalAlerts
    Allergies SmokingStatus PregnancyStatus LastMenstrualDate PatientState Occupation AdditionalPatientHistory
    AdmissionID IssuerOfAdmissionIDSequence ServiceEpisodeID IssuerOfServiceEpisodeIDSequence
    ServiceEpisodeDescription PatientSexNeutered
"""
"""Patient Study Module (PS3.3 C.7.2.2)."""

_CLINICAL_TRIAL_STUDY = """
    ClinicalTrialTimePointID IssuerOfClinicalTrialTimePointID ClinicalTrialTimePointDescription
    ClinicalTrialTimePointTypeCodeSequence LongitudinalTemporalOffsetFromEvent LongitudinalTemporalEventType
    ConsentForClinicalTrialUseSequence
"""
"""Clinical Trial Study Module (PS3.3 C.7.2.3)."""

_SERIES = """
    Modality SeriesInstanceUID SeriesNumber Laterality SeriesDate SeriesTime PerformingPhysicianName
    PerformingPhysicianIdentificationSequence ProtocolName SeriesDescription SeriesDescriptionCodeSequence
    OperatorsName OperatorIdentificationSequence ReferencedPerformedProcedureStepSequence RelatedSeriesSequence
    BodyPartExamined PatientPosition SmallestPixelValueInSeries LargestPixelValueInSeries
    RequestAttributesSequence PerformedProcedureStepID PerformedProcedureStepStartDate
    PerformedProcedureStepStartTime PerformedProcedureStepEndDate PerformedProcedureStepEndTime
    PerformedProcedureStepDescription PerformedProtocolCodeSequence CommentsOnThePerformedProcedureStep
    TreatmentSessionUID AnatomicalOrientationType
"""
"""General Series Module (PS3.3 C.7.3.1)."""

_CLINICAL_TRIAL_SERIES = """
    ClinicalTrialCoordinatingCenterName ClinicalTrialSeriesID IssuerOfClinicalTrialSeriesID
    ClinicalTrialSeriesDescription
"""
"""Clinical Trial Series Module (PS3.3 C.7.3.2)."""

_FRAME_OF_REFERENCE = "FrameOfReferenceUID PositionReferenceIndicator SynchronizationFrameOfReferenceUID"
"""Frame of Reference and Synchronization Modules (PS3.3 C.7.4.1, C.7.4.2)."""

_EQUIPMENT = """
    Manufacturer InstitutionName InstitutionAddress StationName InstitutionalDepartmentName
    InstitutionalDepartmentTypeCodeSequence ManufacturerModelName ManufacturerDeviceClassUID DeviceSerialNumber
    SoftwareVersions GantryID UDISequence DeviceUID SpatialResolution DateOfManufacture DateOfInstallation
"""
"""General Equipment Module (PS3.3 C.7.5.1), without what is calibrated or padded anew for each instance."""

_INSTANCE = """
    SOPClassUID SOPInstanceUID AvailableTransferSyntaxUID InstanceNumber Rows Columns BitsAllocated NumberOfFrames
"""
"""What a search for instances returns unasked (PS3.18 Table 10.6.3-5)."""


def _keys(*modules: str) -> tuple[str, ...]:
    """The names in DICOM JSON of the attributes whose keywords are given, ascending."""
    tags = {tag_for_keyword(keyword) for module in modules for keyword in module.split()}
    return tuple(sorted(f"{tag:08X}" for tag in tags if tag is not None))


STUDY_KEYS = tuple(
    sorted(
        _PATIENT_SINCE_2023
        + _keys(_EVERY_LEVEL, _PATIENT, _CLINICAL_TRIAL_SUBJECT, _STUDY, _PATIENT_STUDY, _CLINICAL_TRIAL_STUDY)
    )
)
SERIES_KEYS = _keys(_EVERY_LEVEL, _SERIES, _CLINICAL_TRIAL_SERIES, _FRAME_OF_REFERENCE, _EQUIPMENT)
INSTANCE_KEYS = _keys(_EVERY_LEVEL, _INSTANCE)
"""The names in DICOM JSON of the attributes of each level; of the instance level those a search returns unasked."""

_LEVELS = dict.fromkeys(SERIES_KEYS, Level.SERIES) | dict.fromkeys(STUDY_KEYS, Level.STUDY)


def level_of(tag: str) -> Level:
    """The level to which an attribute belongs, by its name in DICOM JSON."""
    return _LEVELS.get(tag, Level.INSTANCE)
