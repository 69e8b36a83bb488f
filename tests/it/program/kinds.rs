//! Desks of one setting publish their kinds one after the other, and take some away.

use super::desk::Desk;
use super::told::Form;
use crate::harness::*;

/// Who the first record of the leavers is of.
const ROBIN: &str = r#""learner": [{"scheme": "upn", "value": "Q351394825001"}]"#;

#[test]
fn records_add_to_what_stands_and_take_kinds_away_by_name() {
    run(async || {
        let mut desk = Desk::furnished(Form::Json);
        let year = this_academic_year();
        let publish = |file: &str, more: &str| {
            format!(
                "publish {file} --signatory Head --point primary-to-secondary --year {year}{more}"
            )
        };
        let write = |desk: &Desk, name: &str, rest: &str| {
            let record = format!("{{{ROBIN}{rest}}}\n");
            std::fs::write(desk.folder().join(name), record).unwrap();
        };
        desk.does("sender", &publish("leavers.ndjson", ""));
        write(
            &desk,
            "voice.ndjson",
            r#", "content": {"familyVoice": {"nothingToAdd": true}}"#,
        );
        let added = desk.does("sender", &publish("voice.ndjson", ""));
        assert!(added.out.contains(r#""version":2"#), "{added:?}");
        let name = added
            .out
            .split('"')
            .find(|word| word.contains("/profiles/"));
        let name = name.expect("its name").to_owned();
        let kinds = |desk: &mut Desk| -> Vec<bool> {
            let shown = desk.does("sender", &format!("show {name}")).out;
            let words = ["legalSurname", "supportStrategies", "familyVoice"];
            words.iter().map(|word| shown.contains(word)).collect()
        };
        assert_eq!(
            kinds(&mut desk),
            [true, true, true],
            "what was sent before stands"
        );

        // The same again, with a kind taken away that is not there.
        let again = desk.does("sender", &publish("voice.ndjson", " --remove health"));
        assert!(again.out.contains(r#""unchanged":1"#), "{again:?}");
        let both = desk.types("sender", &publish("voice.ndjson", " --remove family-voice"));
        assert_eq!(both.code, 1);
        assert!(both.out.contains("section.sent_and_removed"), "{both:?}");
        write(&desk, "nothing.ndjson", "");
        let taken = desk.does(
            "sender",
            &publish("nothing.ndjson", " --remove support-strategies"),
        );
        assert!(taken.out.contains(r#""version":3"#), "{taken:?}");
        assert_eq!(kinds(&mut desk), [true, false, true]);
        let all = " --remove identity --remove family-voice";
        let last = desk.types("sender", &publish("nothing.ndjson", all));
        assert!(
            last.code == 1 && last.out.contains("NOTHING_LEFT"),
            "{last:?}"
        );
        write(&desk, "none.ndjson", r#", "content": {}"#);
        let none = desk.types("sender", &publish("none.ndjson", ""));
        assert!(
            none.code == 1 && none.out.contains("content.empty"),
            "{none:?}"
        );
        desk.end().await;
    });
}
