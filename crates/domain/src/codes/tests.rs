//! Laws of all sets, and the facts of some.

use std::collections::HashSet;

use super::{ALL, AttendanceClass, LaKind, attendance_class, find, import, la_kind};

#[test]
fn every_set_is_found_by_its_name_and_has_no_code_twice() {
    let names: HashSet<&str> = ALL.iter().map(|set| set.name).collect();
    assert_eq!(names.len(), ALL.len());
    for set in ALL {
        assert!(std::ptr::eq(find(set.name).unwrap(), *set));
        assert!(!set.version.is_empty() && !set.source.is_empty());
        let codes: HashSet<&str> = set.codes().iter().map(|(code, _)| *code).collect();
        assert_eq!(codes.len(), set.codes().len(), "{}", set.name);
        for (code, meaning) in set.codes() {
            assert_eq!(set.meaning(code), Some(*meaning));
            assert!(!code.is_empty() && !meaning.is_empty(), "{}", set.name);
            assert!(
                !meaning.contains('"') && meaning.trim() == *meaning,
                "{meaning}"
            );
        }
        assert!(!set.contains("") && !set.contains("no such code"));
    }
    assert!(find("Sex").is_none());
}

#[test]
fn sets_have_as_many_codes_as_their_source() {
    let sizes = [
        ("sen_need", 14),
        ("ethnicity", 24),
        ("language", 255),
        ("la", 191),
        ("relationship", 16),
        ("disability", 17),
        ("leaving_reason", 17),
        ("upn_unknown_reason", 10),
        ("exclusion_reason", 29),
        ("attendance", 34),
        ("ehc_section", 12),
        ("sen2_cease_reason", 9),
        ("eyfs_goal", 17),
        ("nc_year", 21),
        ("nccis_activity", 40),
        ("nccis_circumstance", 9),
        ("mtc_result", 36),
        ("combined_science_grade", 19),
    ];
    for (name, size) in sizes {
        assert_eq!(find(name).unwrap().codes().len(), size, "{name}");
    }
}

#[test]
fn withdrawn_attendance_codes_are_gone_and_every_code_has_a_class() {
    for (code, _) in super::ATTENDANCE.codes() {
        assert!(attendance_class(code).is_some());
    }
    for withdrawn in ["H", "J", "Y", "F"] {
        assert_eq!(attendance_class(withdrawn), None);
    }
    // Other software counts these among authorised absence.
    for code in ["D", "Q", "X", "Y1", "Y2", "Y3", "Y4", "Y5", "Y6", "Y7"] {
        assert_eq!(attendance_class(code), Some(AttendanceClass::NotPossible));
    }
    assert!(AttendanceClass::OtherPlace.present() && AttendanceClass::Unauthorised.possible());
    assert!(!AttendanceClass::NotPossible.possible() && !AttendanceClass::Authorised.present());
}

#[test]
fn authorities_are_counted_by_kind() {
    let of_kind = |kind| {
        let codes = super::LA.codes().iter();
        codes
            .filter(|(code, _)| la_kind(code) == Some(kind))
            .count()
    };
    assert_eq!(of_kind(LaKind::England), 153);
    assert_eq!(of_kind(LaKind::EnglandEnded), 7);
    assert_eq!(of_kind(LaKind::Wales), 22);
    assert_eq!(of_kind(LaKind::Offshore), 7);
    assert_eq!(of_kind(LaKind::Pseudo), 2);
    assert_eq!(la_kind("901"), None);
}

#[test]
fn old_codes_become_new_ones_with_a_note() {
    let became = |mapped: Option<import::Mapped>| mapped.map(|to| (to.code, to.note));
    for old in ["A", "P", "Q"] {
        let note = Some(import::Note::SenBefore2014);
        assert_eq!(became(import::sen_provision(old)), Some(("K", note)));
    }
    let note = Some(import::Note::SenBefore2014);
    assert_eq!(became(import::sen_provision("S")), Some(("E", note)));
    assert_eq!(became(import::sen_provision("K")), Some(("K", None)));
    assert_eq!(became(import::sen_provision("Z")), None);

    let note = Some(import::Note::NotTheSameNeed);
    assert_eq!(became(import::sen_need("BESD")), Some(("SEMH", note)));
    assert_eq!(became(import::sen_need("SEMH")), Some(("SEMH", None)));

    let note = Some(import::Note::ExtendedEthnicity);
    assert_eq!(became(import::ethnicity("WCOR")), Some(("WBRI", note)));
    assert_eq!(became(import::ethnicity("WBRI")), Some(("WBRI", None)));

    let note = Some(import::Note::ExtendedLanguage);
    assert_eq!(became(import::language("AKAF")), Some(("AKA", note)));
    assert_eq!(became(import::language("ENG")), Some(("ENG", None)));
    for unknown in ["akaf", "AKAFX", "XQQX", "éAK", "", "ENGé"] {
        assert_eq!(became(import::language(unknown)), None, "{unknown}");
    }
}

#[test]
fn the_common_grade_set_holds_every_scale() {
    for scale in [
        "gcse_grade",
        "a_level_grade",
        "btec_grade",
        "functional_skills_grade",
    ] {
        for (code, _) in find(scale).unwrap().codes() {
            assert!(super::POST16_GRADE.contains(code));
        }
    }
    assert_eq!(
        super::POST16_GRADE.meaning("D"),
        Some("Grade D, or distinction")
    );
}
