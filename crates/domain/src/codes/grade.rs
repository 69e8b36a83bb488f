//! Grades at 16 and after. Known from the trade, not from an official code list:
//! the awarding organisations publish scales, no common codes.

use super::CodeSet;

const SOURCE: &str = "Grading scales in common use; no official code list";

/// GCSE. 4 is a standard pass, 5 a strong one.
pub static GCSE_GRADE: CodeSet = CodeSet::table(
    "gcse_grade",
    "baton-1",
    SOURCE,
    &[
        ("9", "Grade 9, the highest"),
        ("8", "Grade 8"),
        ("7", "Grade 7"),
        ("6", "Grade 6"),
        ("5", "Grade 5, strong pass"),
        ("4", "Grade 4, standard pass"),
        ("3", "Grade 3"),
        ("2", "Grade 2"),
        ("1", "Grade 1"),
        ("U", "Unclassified"),
        ("X", "No result"),
    ],
);

/// GCSE combined science: two grades in one.
pub static COMBINED_SCIENCE_GRADE: CodeSet = CodeSet::table(
    "combined_science_grade",
    "baton-1",
    SOURCE,
    &[
        ("99", "Grades 9 and 9"),
        ("98", "Grades 9 and 8"),
        ("88", "Grades 8 and 8"),
        ("87", "Grades 8 and 7"),
        ("77", "Grades 7 and 7"),
        ("76", "Grades 7 and 6"),
        ("66", "Grades 6 and 6"),
        ("65", "Grades 6 and 5"),
        ("55", "Grades 5 and 5"),
        ("54", "Grades 5 and 4"),
        ("44", "Grades 4 and 4"),
        ("43", "Grades 4 and 3"),
        ("33", "Grades 3 and 3"),
        ("32", "Grades 3 and 2"),
        ("22", "Grades 2 and 2"),
        ("21", "Grades 2 and 1"),
        ("11", "Grades 1 and 1"),
        ("U", "Unclassified"),
        ("X", "No result"),
    ],
);

/// A level.
pub static A_LEVEL_GRADE: CodeSet = CodeSet::table(
    "a_level_grade",
    "baton-1",
    SOURCE,
    &[
        ("A*", "Grade A*"),
        ("A", "Grade A"),
        ("B", "Grade B"),
        ("C", "Grade C"),
        ("D", "Grade D"),
        ("E", "Grade E"),
        ("U", "Unclassified"),
        ("X", "No result"),
    ],
);

/// AS level.
pub static AS_GRADE: CodeSet = CodeSet::table(
    "as_grade",
    "baton-1",
    SOURCE,
    &[
        ("A", "Grade A"),
        ("B", "Grade B"),
        ("C", "Grade C"),
        ("D", "Grade D"),
        ("E", "Grade E"),
        ("U", "Unclassified"),
        ("X", "No result"),
    ],
);

/// T level.
pub static T_LEVEL_GRADE: CodeSet = CodeSet::table(
    "t_level_grade",
    "baton-1",
    SOURCE,
    &[
        ("D*", "Distinction*"),
        ("D", "Distinction"),
        ("M", "Merit"),
        ("P", "Pass"),
        ("U", "Unclassified"),
        ("X", "No result"),
    ],
);

/// BTEC and other qualifications graded alike: of the size of one A level, two,
/// three.
pub static BTEC_GRADE: CodeSet = CodeSet::table(
    "btec_grade",
    "baton-1",
    SOURCE,
    &[
        ("D*", "Distinction*"),
        ("D", "Distinction"),
        ("M", "Merit"),
        ("P", "Pass"),
        ("D*D*", "Distinction*, distinction*"),
        ("D*D", "Distinction*, distinction"),
        ("DD", "Distinction, distinction"),
        ("DM", "Distinction, merit"),
        ("MM", "Merit, merit"),
        ("MP", "Merit, pass"),
        ("PP", "Pass, pass"),
        ("D*D*D*", "Distinction* three times"),
        ("D*D*D", "Distinction* twice, distinction"),
        ("D*DD", "Distinction*, distinction twice"),
        ("DDD", "Distinction three times"),
        ("DDM", "Distinction twice, merit"),
        ("DMM", "Distinction, merit twice"),
        ("MMM", "Merit three times"),
        ("MMP", "Merit twice, pass"),
        ("MPP", "Merit, pass twice"),
        ("PPP", "Pass three times"),
        ("U", "Unclassified"),
        ("X", "No result"),
    ],
);

/// Functional skills: level 1 and 2 are passed, entry levels named.
pub static FUNCTIONAL_SKILLS_GRADE: CodeSet = CodeSet::table(
    "functional_skills_grade",
    "baton-1",
    SOURCE,
    &[
        ("Pass", "Pass"),
        ("E3", "Entry level 3"),
        ("E2", "Entry level 2"),
        ("E1", "Entry level 1"),
        ("U", "Unclassified"),
        ("X", "No result"),
    ],
);

/// A grade of any of these, and of GCSEs before 2017 (A* to G): for a field that
/// stands beside the name of the qualification.
pub static POST16_GRADE: CodeSet = CodeSet::file("post16_grade", "baton-1", SOURCE, || {
    const BEFORE_2017: [(&str, &str); 2] = [("F", "Grade F"), ("G", "Grade G")];
    let scales = [
        &GCSE_GRADE,
        &COMBINED_SCIENCE_GRADE,
        &A_LEVEL_GRADE,
        &AS_GRADE,
        &BTEC_GRADE,
        &T_LEVEL_GRADE,
        &FUNCTIONAL_SKILLS_GRADE,
    ];
    let mut codes = vec![("D", "Grade D, or distinction")];
    for (code, meaning) in scales
        .into_iter()
        .flat_map(CodeSet::codes)
        .chain(&BEFORE_2017)
        .copied()
    {
        if !codes.iter().any(|(known, _)| *known == code) {
            codes.push((code, meaning));
        }
    }
    codes
});
