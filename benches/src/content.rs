//! What is published: a typical profile of eight sections, its texts as long as it takes to make
//! 8 KiB of it.

use baton_domain::route::Point;
use baton_wire::sample::{self, Learner};
use baton_wire::v1;
use prost::Message as _;

/// Bytes of a profile's sections, encoded.
pub const CONTENT_BYTES: usize = 8 * 1024;
/// The academic year the learners leave in.
pub const YEAR: i16 = 2025;
/// Sections of a profile.
pub const SECTIONS: usize = 8;
/// Room for the lengths in front of texts, which grow with them.
const LENGTHS_BYTES: usize = 24;

/// The request that publishes the profile of a seed.
pub fn request(transition: &str, seed: u64) -> v1::PublishProfileRequest {
    v1::PublishProfileRequest {
        profile: Some(v1::ProfileSubmission {
            transition: transition.to_owned(),
            level: v1::Level::Targeted.into(),
            content: Some(Box::new(sections(seed))),
            signatory: "Head of year, A. Testcroft".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn sections(seed: u64) -> v1::Sections {
    let point = Point::PrimaryToSecondary;
    let learner = Learner::synthetic(seed, point, YEAR);
    let typical = v1::Sections::decode(sample::typical(seed, point, &learner)).unwrap_or_default();
    let mut sections = v1::Sections {
        identity: typical.identity,
        contacts_and_responsibility: typical.contacts_and_responsibility,
        setting_context: typical.setting_context,
        attainment: typical.attainment,
        attendance: typical.attendance,
        send: typical.send,
        learner_voice: typical.learner_voice,
        support_strategies: typical.support_strategies,
        ..Default::default()
    };
    let missing = CONTENT_BYTES.saturating_sub(sections.encoded_len() + LENGTHS_BYTES);
    let texts = texts(&mut sections);
    let each = missing / texts.len();
    for text in texts {
        extend(text, each, seed);
    }
    let missing = CONTENT_BYTES.saturating_sub(sections.encoded_len());
    extend(&mut voice(&mut sections).questions, missing, seed);
    // The length in front of the text grew by a byte.
    if sections.encoded_len() > CONTENT_BYTES {
        voice(&mut sections)
            .questions
            .as_mut()
            .and_then(String::pop);
    }
    sections
}

fn voice(sections: &mut v1::Sections) -> &mut v1::LearnerVoice {
    sections.learner_voice.get_or_insert_default()
}

/// Texts of three sections that have room for a thousand characters more.
fn texts(sections: &mut v1::Sections) -> [&mut Option<String>; 6] {
    let send = sections.send.get_or_insert_default();
    let voice = sections.learner_voice.get_or_insert_default();
    let works = sections.support_strategies.get_or_insert_default();
    [
        &mut send.needs_summary,
        &mut voice.about_me,
        &mut voice.about_the_move,
        &mut works.strengths,
        &mut works.what_works,
        &mut works.what_does_not_work,
    ]
}

/// Makes a text longer by so many bytes of plain words.
fn extend(text: &mut Option<String>, bytes: usize, seed: u64) {
    const WORDS: &str = " Reads a page aloud, tells it again in other words, and asks for the next. \
        Works best at a table near the front, with one task at a time on a card. Likes maps, \
        swimming, and to know on Monday what comes on Friday.";
    let skip = usize::try_from(seed % 64).unwrap_or_default();
    let words = WORDS.chars().cycle().skip(skip).take(bytes);
    text.get_or_insert_default().extend(words);
}
