use baton_domain::codes;
use baton_wire::v1;

use super::day;
use crate::ctf::{Assessment, CtfPupil};

/// Most multiplication tables checks the contract takes.
const MAX_CHECKS: usize = 2;
/// Result of a goal that was not assessed.
const NOT_ASSESSED: &str = "A";

/// The two assessments whose keys are sure become typed: the goals of the latest early years
/// profile and the multiplication tables check. Everything else goes on as the file says it.
pub(super) fn section(pupil: &CtfPupil) -> v1::Attainment {
    let mut section = v1::Attainment::default();
    let profile_year = pupil
        .assessments
        .iter()
        .filter(|row| is_goal(row))
        .map(|row| row.year)
        .max();
    let goals = pupil.assessments.iter().filter(|row| is_goal(row));
    let goals = goals.filter(|row| Some(row.year) == profile_year);
    let (exempt, assessed): (Vec<_>, Vec<_>) = goals.partition(|row| row.result == NOT_ASSESSED);
    // A profile is assessed whole or not at all; one that is neither goes on as the file says it.
    let is_profile = exempt.is_empty() || assessed.is_empty();
    for row in &pupil.assessments {
        let is_of_profile = is_profile && is_goal(row) && Some(row.year) == profile_year;
        let mut is_typed = true;
        if is_of_profile && !has_goal(&section, row) {
            let profile = section.early_years_profile.get_or_insert_default();
            profile.year = row.year.map(u32::from);
            profile.goals.push(v1::EarlyLearningGoal {
                goal: row.component.clone(),
                result: Some(row.result.clone()),
            });
        } else if is_multiplication_check(row) && section.multiplication_check.len() < MAX_CHECKS {
            section.multiplication_check.push(v1::MultiplicationCheck {
                year: row.year.map(u32::from),
                result: Some(row.result.clone()),
            });
        } else {
            is_typed = false;
        }
        // What is typed has no place for a day; a row that has one goes on as it is, too.
        if !is_typed || row.date.is_some() {
            section.results.push(result(row));
        }
    }
    section
}

/// A goal of the profile as assessed since 2021; the goals before had other keys and results.
fn is_goal(row: &Assessment) -> bool {
    row.stage == "FSP"
        && row
            .component
            .as_deref()
            .is_some_and(|goal| codes::EYFS_GOAL.contains(goal))
        && codes::EYFS_RESULT.contains(&row.result)
        && is_final(row)
}

fn has_goal(section: &v1::Attainment, row: &Assessment) -> bool {
    let goals = section
        .early_years_profile
        .iter()
        .flat_map(|profile| &profile.goals);
    goals.into_iter().any(|goal| goal.goal == row.component)
}

fn is_multiplication_check(row: &Assessment) -> bool {
    row.subject.as_deref() == Some("MAT")
        && row.component.as_deref() == Some("MTC")
        && codes::MTC_RESULT.contains(&row.result)
        && is_final(row)
}

/// Not a target, an estimate or the like.
fn is_final(row: &Assessment) -> bool {
    row.status.as_deref() == Some("R")
}

fn result(row: &Assessment) -> v1::AssessmentResult {
    let locale = row.locale.as_deref().map(|locale| match locale {
        "WAL" => v1::AssessmentLocale::Wal,
        _ => v1::AssessmentLocale::Eng,
    });
    v1::AssessmentResult {
        stage: Some(row.stage.clone()),
        locale: locale.map(i32::from),
        year: row.year.map(u32::from),
        subject: row.subject.clone(),
        method: row.method.clone(),
        component: row.component.clone(),
        result_status: row.status.clone(),
        result_qualifier: row.qualifier.clone(),
        result: Some(row.result.clone()),
        result_date: day(row.date),
    }
}
