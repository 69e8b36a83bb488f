//! Assessments up to Year 6, and the terms results are stated in.

use super::CodeSet;

/// Stage of an assessment. Where our source gives no meaning the code stands for
/// itself.
pub static ASSESSMENT_STAGE: CodeSet = CodeSet::table(
    "assessment_stage",
    "cbds-2012",
    "CBDS D00182",
    &[
        ("FSP", "Early years foundation stage profile"),
        ("KS0", "Key stage 0"),
        ("KS1", "Key stage 1"),
        ("KS2", "Key stage 2"),
        ("KS3", "Key stage 3"),
        ("KS4", "Key stage 4"),
        ("KS5", "Key stage 5"),
        ("K1T", "Historic stage K1T"),
        ("K2P", "Historic stage K2P"),
        ("K3P", "Historic stage K3P"),
        ("Y03", "Year 3, optional test"),
        ("Y04", "Year 4, optional test"),
        ("Y05", "Year 5, optional test"),
        ("Y07", "Year 7, optional test"),
        ("Y08", "Year 8, optional test"),
        ("AFL", "Assessment for learning"),
        ("EAL", "English as an additional language"),
        ("SEN", "P scales"),
        ("SL2", "Historic stage SL2"),
        ("SL3", "Historic stage SL3"),
        ("SL4", "Historic stage SL4"),
        ("SL5", "Historic stage SL5"),
        ("SL6", "Historic stage SL6"),
        ("W09", "Historic stage W09"),
        ("W13", "Historic stage W13"),
    ],
);

/// How firm a result is.
pub static RESULT_STATUS: CodeSet = CodeSet::table(
    "result_status",
    "cbds-2012",
    "CBDS D00051",
    &[
        ("R", "Result"),
        ("P", "Provisional"),
        ("I", "Interim"),
        ("E", "Estimate"),
        ("T", "Target"),
    ],
);

/// What scale a result is on. Where our source gives no meaning the code stands for
/// itself.
pub static RESULT_QUALIFIER: CodeSet = CodeSet::table(
    "result_qualifier",
    "cbds-2012",
    "CBDS D00143; MT as written by the Multiplication Tables Check service",
    &[
        ("EG", "Exam grade"),
        ("EL", "Level of English as an additional language"),
        ("FC", "Early years foundation stage profile, count"),
        ("FD", "Early years foundation stage profile, detail"),
        ("FS", "Early years foundation stage profile, score"),
        ("IA", "Qualifier IA"),
        ("IB", "Qualifier IB"),
        ("IG", "Qualifier IG"),
        ("IR", "Qualifier IR"),
        ("IS", "Qualifier IS"),
        ("LL", "Qualifier LL"),
        ("MT", "Multiplication tables check"),
        ("NA", "Age-standardised score"),
        ("ND", "National curriculum level, form ND"),
        ("NF", "National curriculum level, form NF"),
        ("NL", "National curriculum level, form NL"),
        ("NM", "Test mark"),
        ("NN", "National curriculum level, form NN"),
        ("NO", "National curriculum level, form NO"),
        ("NP", "P scale"),
        ("NQ", "Points"),
        ("NR", "Raw score"),
        ("NS", "Aggregate mark"),
    ],
);

/// The 17 early learning goals of the profile since 2021. A good level of
/// development is result 2 in all of E01 to E12.
pub static EYFS_GOAL: CodeSet = CodeSet::table(
    "eyfs_goal",
    "eyfs-2021",
    "Early years foundation stage profile, goal codes as councils and systems use them",
    &[
        ("E01", "Listening, attention and understanding"),
        ("E02", "Speaking"),
        ("E03", "Self-regulation"),
        ("E04", "Managing self"),
        ("E05", "Building relationships"),
        ("E06", "Gross motor skills"),
        ("E07", "Fine motor skills"),
        ("E08", "Comprehension"),
        ("E09", "Word reading"),
        ("E10", "Writing"),
        ("E11", "Number"),
        ("E12", "Numerical patterns"),
        ("E13", "Past and present"),
        ("E14", "People, culture and communities"),
        ("E15", "The natural world"),
        ("E16", "Creating with materials"),
        ("E17", "Being imaginative and expressive"),
    ],
);

/// Outcome of one goal. If one is `A`, all are. The profile before 2021 had a third
/// result; the two do not mix.
pub static EYFS_RESULT: CodeSet = CodeSet::table(
    "eyfs_result",
    "eyfs-2021",
    "Early years foundation stage profile, outcome codes as councils and systems use them",
    &[
        ("1", "Emerging"),
        ("2", "Expected"),
        ("A", "Not assessed or exempt"),
    ],
);

/// Outcome of the phonics check beside its score of 0 to 40. The threshold is
/// published each June.
pub static PHONICS_OUTCOME: CodeSet = CodeSet::table(
    "phonics_outcome",
    "baton-1",
    "Phonics screening check, outcome codes as school systems list them",
    &[
        ("Wa", "Met the standard"),
        ("Wt", "Did not meet the standard"),
        ("A", "Absent"),
        ("D", "Disapplied"),
        ("L", "Left"),
        ("Q", "Maladministration"),
    ],
);

/// Result of the Year 4 multiplication tables check: the score or why there is none.
/// Q and H stand in place of a score.
pub static MTC_RESULT: CodeSet = CodeSet::table(
    "mtc_result",
    "baton-1",
    "Department for Education, Multiplication Tables Check service, public source code",
    &[
        ("0", "0 of 25"),
        ("1", "1 of 25"),
        ("2", "2 of 25"),
        ("3", "3 of 25"),
        ("4", "4 of 25"),
        ("5", "5 of 25"),
        ("6", "6 of 25"),
        ("7", "7 of 25"),
        ("8", "8 of 25"),
        ("9", "9 of 25"),
        ("10", "10 of 25"),
        ("11", "11 of 25"),
        ("12", "12 of 25"),
        ("13", "13 of 25"),
        ("14", "14 of 25"),
        ("15", "15 of 25"),
        ("16", "16 of 25"),
        ("17", "17 of 25"),
        ("18", "18 of 25"),
        ("19", "19 of 25"),
        ("20", "20 of 25"),
        ("21", "21 of 25"),
        ("22", "22 of 25"),
        ("23", "23 of 25"),
        ("24", "24 of 25"),
        ("25", "25 of 25"),
        ("A", "Absent"),
        ("B", "Working below the level of the check"),
        ("H", "Pupil cheating"),
        ("J", "Just arrived"),
        ("L", "Left"),
        ("NAA", "Not able to administer"),
        ("Q", "Maladministration"),
        ("U", "Unable to access"),
        ("X", "Not taken"),
        ("Z", "Incorrect registration"),
    ],
);

/// Outcome of a key stage 2 test beside its scaled score of 80 to 120.
pub static KS2_TEST_OUTCOME: CodeSet = CodeSet::table(
    "ks2_test_outcome",
    "baton-1",
    "Key stage 2 tests, outcome codes as school systems list them",
    &[
        ("AS", "Achieved the expected standard"),
        ("NS", "Did not achieve the expected standard"),
        ("N", "No scaled score"),
        ("A", "Absent"),
        ("B", "Working below the level of the test"),
        ("D", "Disapplied"),
        ("F", "Will take it in the future"),
        ("H", "Pupil cheating"),
        ("J", "Just arrived"),
        ("L", "Left"),
        ("M", "Missing"),
        ("P", "Took it in the past"),
        ("Q", "Maladministration"),
        ("U", "Unable to access"),
    ],
);

/// Teacher assessment of writing at the end of key stage 2. Q is set by the Standards
/// and Testing Agency, here and in the two sets that follow.
pub static KS2_WRITING_TA: CodeSet = CodeSet::table(
    "ks2_writing_ta",
    "baton-1",
    "Key stage 2 teacher assessment, codes as school systems list them",
    &[
        ("GDS", "Greater depth within the expected standard"),
        ("EXS", "Expected standard"),
        ("WTS", "Working towards the expected standard"),
        ("PK6", "Pre-key-stage standard 6"),
        ("PK5", "Pre-key-stage standard 5"),
        ("PK4", "Pre-key-stage standard 4"),
        ("PK3", "Pre-key-stage standard 3"),
        ("PK2", "Pre-key-stage standard 2"),
        ("PK1", "Pre-key-stage standard 1"),
        ("EM", "Engagement model"),
        ("A", "Absent"),
        ("F", "Will be assessed in the future"),
        ("L", "Left"),
        ("P", "Assessed in the past"),
        ("Q", "Maladministration"),
    ],
);

/// Teacher assessment of science at the end of key stage 2.
pub static KS2_SCIENCE_TA: CodeSet = CodeSet::table(
    "ks2_science_ta",
    "baton-1",
    "Key stage 2 teacher assessment, codes as school systems list them",
    &[
        ("EXS", "Expected standard"),
        ("HNM", "Has not met the expected standard"),
        ("A", "Absent"),
        ("F", "Will be assessed in the future"),
        ("L", "Left"),
        ("P", "Assessed in the past"),
        ("Q", "Maladministration"),
    ],
);

/// Teacher assessment of reading and mathematics at the end of key stage 2, made only
/// for children below the tests.
pub static KS2_READING_MATHS_TA: CodeSet = CodeSet::table(
    "ks2_reading_maths_ta",
    "baton-1",
    "Key stage 2 teacher assessment, codes as school systems list them",
    &[
        ("PK6", "Pre-key-stage standard 6"),
        ("PK5", "Pre-key-stage standard 5"),
        ("PK4", "Pre-key-stage standard 4"),
        ("PK3", "Pre-key-stage standard 3"),
        ("PK2", "Pre-key-stage standard 2"),
        ("PK1", "Pre-key-stage standard 1"),
        ("EM", "Engagement model"),
        ("A", "Absent"),
        ("Q", "Maladministration"),
    ],
);
