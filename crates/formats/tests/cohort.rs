//! Cohort lists as councils and schools export them.

use baton_formats::cohort::{Cohort, write_template};
use jiff::civil::date;

const HEADER: &str = "Sender Scheme,sender,UPN,NHS number,local-id,to_scheme,to,point,route,\
    academic_year,offer_date,accepted,start_date,plan_names_setting,colour\n";

fn told(rows: &str) -> String {
    let file = format!("{HEADER}{rows}");
    let cohort = Cohort::open(file.as_bytes(), date(2026, 4, 20)).expect("a cohort list");
    let told = cohort.map(|row| match row {
        Ok(row) => format!("{:#?}", row.transition),
        Err(problem) => problem.to_string(),
    });
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn rows_become_planned_moves() {
    insta::assert_snapshot!(told(
        "gias,199901,E351394824001,,,gias,199902,,primary-secondary,2025,2026-03-02,yes,,no,red\n\
         # a comment\n\
         ,,,,,,,,,,,,,,\n\
         OFSTED-EY,EY123456,,999 012 3454,N-17,,,early years to primary,,2025/26,,,,,\n\
         laestab,351/3948,Q35139482400A,,,,,POINT_PRIMARY_TO_SECONDARY,,2025-26,,,,,\n"
    ));
}

#[test]
fn every_violation_of_a_row_is_told_at_once() {
    insta::assert_snapshot!(told(
        "gias,19990,D351394824001,9434765918,,gias,,mars,mars,25/26,02/03/2026,maybe,2026-02-30,1,\n\
         school,199901,,,,,,PRIMARY_TO_SECONDARY,y11-post16,2025/27,2026-04-21,,,,\n\
         gias,199901,E351394824001,,,,,,,2025,,,,,\n\
         gias,199901,E351394824001,,,,,POST_16_TO_ADULT,,2025,,,,,\n\
         gias,199901,E351394824001,,,,,,in-year,2025,,,,\n"
    ));
}

#[test]
fn a_move_that_comes_twice_is_a_problem_and_a_second_offer_is_none() {
    let told = told(
        "gias,199901,E351394824001,,,gias,199902,,y11-post16,2025,,,,,\n\
         gias,199901,E351394824001,,,gias,199903,,y11-post16,2025,,,,,\n\
         gias,199901,E351394824001,,,gias,199902,,y11-post16,2025,,,,,\n",
    );
    assert!(
        told.contains("line 4, cohort row\n  line 4: was in the file before, on line 2"),
        "{told}"
    );
    assert_eq!(told.matches("PlannedTransition").count(), 2);
}

#[test]
fn unknown_columns_are_told_and_the_template_is_a_list_of_its_own() {
    let cohort = Cohort::open(HEADER.as_bytes(), date(2026, 4, 20)).expect("a cohort list");
    assert_eq!(cohort.header().unknown, ["colour"]);

    let mut template = Vec::new();
    write_template(&mut template).expect("memory takes it");
    let text = String::from_utf8(template).expect("text");
    insta::assert_snapshot!(text);
    let empty = Cohort::open(text.as_bytes(), date(2026, 4, 20)).expect("a cohort list");
    assert!(empty.header().unknown.is_empty() && empty.header().missing.is_empty());
    assert_eq!(empty.count(), 0);
    // Without the sign of a comment the example is a sound row.
    let filled = text.replace("# ", "");
    let rows: Vec<_> = Cohort::open(filled.as_bytes(), date(2026, 4, 20))
        .expect("a list")
        .collect();
    assert!(rows.len() == 1 && rows[0].is_ok(), "{rows:?}");
}

/// A quote that is not closed makes the rows behind it part of its cell: read so, a move would be
/// lost, or one child's numbers would stand with another child's school.
#[test]
fn rows_that_an_open_quote_swallowed_are_told_and_not_lost() {
    let row = |upn: &str, local: &str, to: &str, colour: &str| {
        format!("gias,199901,{upn},,{local},gias,{to},,primary-secondary,2025,,,,,{colour}\n")
    };
    let to_the_end = told(
        &[
            row("E351394824001", "", "199902", "\"red"),
            row("Q351394825001", "", "199903", "blue"),
        ]
        .concat(),
    );
    assert!(to_the_end.contains("line 2: is malformed"), "{to_the_end}");
    assert!(!to_the_end.contains("PlannedTransition"), "{to_the_end}");
    let to_the_next_quote = told(
        &[
            row("E351394824001", "\"N-1", "199902", "red"),
            row("Q351394825001", "N\"2", "199903", "blue"),
            row("E351394825002", "N-3", "199903", "green"),
        ]
        .concat(),
    );
    assert!(
        to_the_next_quote.contains("line 2: is malformed"),
        "{to_the_next_quote}"
    );
    assert_eq!(to_the_next_quote.matches("PlannedTransition").count(), 1);
    // Closed at an earlier column than it was opened at, the cell holds less than a row.
    let to_an_earlier_column = told(
        &[
            row("E351394824001", "", "199902", "\"red"),
            row("Q351394825001\"", "", "199903", "blue"),
            row("E351394825002", "", "199903", "green"),
        ]
        .concat(),
    );
    assert!(
        to_an_earlier_column.contains("line 2: has 27 cells"),
        "{to_an_earlier_column}"
    );
    assert_eq!(
        to_an_earlier_column.matches("PlannedTransition").count(),
        1,
        "{to_an_earlier_column}"
    );
    let note = told(&row(
        "E351394824001",
        "",
        "199902",
        "\"red, or\r\nblue, green, grey\"",
    ));
    assert_eq!(note.matches("PlannedTransition").count(), 1, "{note}");
}

#[test]
fn a_header_that_swallowed_rows_is_refused_and_not_repeated() {
    let file = HEADER.replace(",colour", ",\"colour")
        + "gias,199901,E351394824001,,,gias,199902,,primary-secondary,2025,,,,,red\n";
    let refusal = Cohort::open(file.as_bytes(), date(2026, 4, 20)).map(drop);
    let told = refusal.expect_err("half a header").to_string();
    assert!(told.contains("the header row is malformed"), "{told}");
    assert!(!told.contains("E351394824001"), "{told}");
}

#[test]
fn a_class_is_read_by_whatever_schools_call_it_and_what_is_none_is_told() {
    let groups = |column: &str, cell: &str| {
        let file = format!(
            "sender_scheme,sender,upn,route,academic_year,{column}\n\
             gias,199901,E351394824001,primary-secondary,2025,{cell}\n"
        );
        let mut cohort = Cohort::open(file.as_bytes(), date(2026, 4, 20)).expect("a cohort list");
        match cohort.next().unwrap() {
            Ok(row) => row.transition.group,
            Err(problem) => problem.to_string(),
        }
    };
    for column in [
        "group",
        "Class",
        "form",
        "Reg Group",
        "registration_group",
        "key-group",
    ] {
        assert_eq!(groups(column, " 6b "), "6B", "{column}");
    }
    assert_eq!(groups("class", ""), "");
    insta::assert_snapshot!(groups("class", "=HYPERLINK(1)"));
}
