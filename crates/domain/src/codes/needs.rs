//! Special educational needs, disability, exam access.

use super::CodeSet;

/// SEN provision. Older codes are mapped by
/// [`import::sen_provision`](super::import::sen_provision).
pub static SEN_PROVISION: CodeSet = CodeSet::table(
    "sen_provision",
    "cbds-2026",
    "CBDS May 2026, CS096",
    &[
        ("N", "No special educational need"),
        ("K", "SEN support"),
        ("E", "Education, health and care plan"),
    ],
);

/// Type of need. BESD is mapped by [`import::sen_need`](super::import::sen_need).
pub static SEN_NEED: CodeSet = CodeSet::table(
    "sen_need",
    "cbds-2026",
    "CBDS May 2026, SEN type",
    &[
        ("SPLD", "Specific learning difficulty"),
        ("MLD", "Moderate learning difficulty"),
        ("SLD", "Severe learning difficulty"),
        ("PMLD", "Profound and multiple learning difficulty"),
        ("SEMH", "Social, emotional and mental health"),
        ("SLCN", "Speech, language and communication needs"),
        ("HI", "Hearing impairment"),
        ("VI", "Vision impairment"),
        ("MSI", "Multi-sensory impairment"),
        ("PD", "Physical disability"),
        ("ASD", "Autistic spectrum disorder"),
        ("DS", "Down syndrome"),
        ("OTH", "Other difficulty or disability"),
        // Stands only beside provision K.
        (
            "NSA",
            "SEN support, type of need not assessed by a specialist",
        ),
    ],
);

/// The statutory sections of an education, health and care plan.
pub static EHC_SECTION: CodeSet = CodeSet::table(
    "ehc_section",
    "si-2014-1530",
    "Special Educational Needs and Disability Regulations 2014, reg 12; SEND Code 9.62",
    &[
        ("A", "Views, interests and aspirations"),
        ("B", "Special educational needs"),
        ("C", "Health needs"),
        ("D", "Social care needs"),
        ("E", "Outcomes"),
        ("F", "Special educational provision"),
        ("G", "Health provision"),
        (
            "H1",
            "Social care provision under the Chronically Sick and Disabled Persons Act 1970 s2",
        ),
        ("H2", "Other social care provision"),
        ("I", "Placement"),
        ("J", "Personal budget"),
        ("K", "Advice and information"),
    ],
);

/// Why an EHC plan ceased.
pub static SEN2_CEASE_REASON: CodeSet = CodeSet::table(
    "sen2_cease_reason",
    "sen2-person-level",
    "Special educational needs survey (SEN2), person level, as carried by public code",
    &[
        ("1", "Reached the maximum age"),
        ("2", "Needs met without a plan"),
        ("3", "Moved on to higher education"),
        ("4", "Moved on to paid employment, not an apprenticeship"),
        ("5", "Transferred to another local authority"),
        ("6", "No longer engaging with education or training"),
        ("7", "Left England"),
        ("8", "Deceased"),
        ("9", "Other"),
    ],
);

/// Disability.
pub static DISABILITY: CodeSet = CodeSet::table(
    "disability",
    "cbds-2026",
    "CBDS 2012 and May 2026, disability (item 100469)",
    &[
        ("NONE", "No disability"),
        ("MOB", "Mobility"),
        ("HAND", "Hand function"),
        ("PC", "Personal care"),
        ("EAT", "Eating and drinking"),
        ("MED", "Medication"),
        ("INC", "Incontinence"),
        ("COMM", "Communication"),
        ("LD", "Learning"),
        ("HEAR", "Hearing"),
        ("VIS", "Vision"),
        ("BEH", "Behaviour"),
        ("CON", "Consciousness"),
        ("AUT", "Autism"),
        ("DDA", "Palliative care needs"),
        ("OTH", "Other"),
        ("NCOL", "Not collected"),
    ],
);

/// Exam access arrangements. The Joint Council for Qualifications publishes names
/// and no codes, so the keys are ours. One that came with the learner is evidence of
/// a normal way of working, not an approval: that is given per centre.
pub static ACCESS_ARRANGEMENT: CodeSet = CodeSet::table(
    "access_arrangement",
    "baton-1",
    "Names: JCQ, Access Arrangements and Reasonable Adjustments; keys: Baton",
    &[
        ("supervised_rest_breaks", "Supervised rest breaks"),
        ("extra_time_25", "25% extra time"),
        ("extra_time_over_25", "Extra time of more than 25%"),
        ("reader", "Reader"),
        ("computer_reader", "Computer reader"),
        ("read_aloud", "Read aloud"),
        ("reading_pen", "Reading pen"),
        ("scribe", "Scribe"),
        ("speech_recognition", "Speech recognition technology"),
        ("word_processor", "Word processor"),
        ("prompter", "Prompter"),
        ("practical_assistant", "Practical assistant"),
        ("live_speaker", "Live speaker"),
        (
            "communication_professional",
            "Communication professional, such as a BSL interpreter",
        ),
        (
            "bilingual_dictionary_extra_time_10",
            "Bilingual dictionary with 10% extra time",
        ),
        ("modified_paper_enlarged", "Modified paper, enlarged"),
        ("modified_paper_braille", "Modified paper, braille"),
        ("modified_paper_tactile", "Modified paper, tactile diagrams"),
        ("coloured_paper_or_overlay", "Coloured paper or overlay"),
        ("alternative_room_or_site", "Alternative room or site"),
        ("other", "Other arrangement"),
    ],
);
