//! The generated pages of `docs/`: they say what the program says. `BATON_WRITE_DOCS=1` writes
//! them; without it a page that is out of date fails.

use std::fmt::Write as _;
use std::path::Path;

use baton_domain::codes;
use baton_domain::ids::{LearnerScheme, SettingScheme};
use baton_domain::opening::OpeningRule;
use baton_domain::route::{ROUTES, SettingKind};
use baton_wire::contract::{self, Field, Kind, Message, Together};
use baton_wire::status::Reason;

const HEAD: &str =
    "<!-- Generated: BATON_WRITE_DOCS=1 cargo test -p baton-wire --all-features references -->\n";

fn page(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name);
    let text = format!("{HEAD}{text}");
    if std::env::var_os("BATON_WRITE_DOCS").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == text,
        "docs/{name} is out of date; see its first line"
    );
}

#[test]
fn the_page_of_errors_lists_every_reason() {
    let mut text = String::from(
        "# Errors\n\nEvery failed call carries `google.rpc.ErrorInfo` with domain `baton` and one \
         of these reasons; items of a batch carry the same reasons. With `INVALID_REQUEST` comes \
         `google.rpc.BadRequest` with every problem: field path, rule, shape of the value (never \
         the value), and what is expected. \"Again\" says whether repeating the same call, with \
         the same request id, can help.\n\n| reason | gRPC code | again | meaning |\n|---|---|---|---|\n",
    );
    for reason in Reason::ALL {
        let again = if reason.may_be_repeated() {
            "yes"
        } else {
            "no"
        };
        let (name, code, says) = (reason.name(), reason.code(), reason.message());
        writeln!(text, "| `{name}` | {code:?} | {again} | {says} |").unwrap();
    }
    text.push_str(
        "\n## Rules between fields\n\nThe rule of a problem names what was broken at one field. \
         These speak of several; the text of the problem names the other field, and \
         `docs/fields.md` says which field has which.\n\n| rule | what to do |\n|---|---|\n",
    );
    for (code, says) in contract::RULES {
        writeln!(text, "| `{code}` | {says} |").unwrap();
    }
    page("errors.md", &text);
}

#[test]
fn the_page_of_routes_lists_every_route() {
    let mut text = String::from(
        "# Routes\n\nA route says between what kinds of setting a learner moves and what must \
         hold before the receiver may read. Until then it learns nothing, not even that there is \
         something. Every window closes on 31 December after the move. Who receives beside the \
         destination, and from when until when: [recipients](recipients.md). Sources: School Admissions \
         Code (offer days), SEND Regulations 2014 r18, Care Act 2014 s58, Mental Capacity Act \
         2005 s4.\n\n| code | point | opens when | receivers | |\n|---|---|---|---|---|\n",
    );
    for route in &ROUTES {
        let receivers: Vec<_> = route
            .receivers
            .iter()
            .map(|kind: &SettingKind| kind.name())
            .collect();
        let opens = match route.rule {
            OpeningRule::Coordinated(day) => {
                format!(
                    "offer loaded and national offer day ({day:?}) come; accepted, where the council records it"
                )
            }
            OpeningRule::EhcPlan => "the final EHC plan names the receiver".to_owned(),
            OpeningRule::AcceptedOffer => "the offer is accepted".to_owned(),
            OpeningRule::AgreedStart => "both heads agreed one start date".to_owned(),
            OpeningRule::Release => {
                "the person released it, or a best-interests decision stands in".to_owned()
            }
        };
        writeln!(
            text,
            "| `{}` | {} | {opens} | {} | {} |",
            route.code,
            route.point,
            receivers.join(", "),
            route.label
        )
        .unwrap();
    }
    page("routes.md", &text);
}

#[test]
fn the_page_of_identifiers_lists_every_scheme_and_code_set() {
    let mut text = String::from(
        "# Identifiers and code sets\n\nA bare number is no identity: a scheme always stands \
         beside it.\n\n## Learners\n\n",
    );
    for scheme in LearnerScheme::ALL {
        writeln!(text, "- `{scheme}`").unwrap();
    }
    text.push_str("\n## Settings\n\n");
    for scheme in SettingScheme::ALL {
        writeln!(text, "- `{scheme}`").unwrap();
    }
    text.push_str("\n## Code sets\n\n| name | version | codes | source |\n|---|---|---|---|\n");
    for set in codes::ALL {
        let count = set.codes().len();
        writeln!(
            text,
            "| `{}` | {} | {count} | {} |",
            set.name, set.version, set.source
        )
        .unwrap();
    }
    page("identifiers.md", &text);
}

#[test]
fn the_page_of_codes_lists_every_code() {
    let mut text = String::from("# Codes\n\nThe code sets that `docs/fields.md` names.\n");
    for set in codes::ALL {
        write!(
            text,
            "\n## {} ({})\n\n| code | meaning |\n|---|---|\n",
            set.name, set.version
        )
        .unwrap();
        for (code, meaning) in set.codes() {
            writeln!(text, "| `{code}` | {meaning} |").unwrap();
        }
    }
    page("codes.md", &text);
}

#[test]
fn the_page_of_fields_lists_every_field() {
    let texts = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/texts.toml"),
    )
    .unwrap();
    let texts: toml::Table = toml::from_str(&texts).unwrap();
    let label = |key: &str| texts["labels"][key].as_str().unwrap_or_default().to_owned();
    let mut text = String::from(
        "# Fields\n\nEvery field of every section, with its class (L ordinary, M personal, H \
         special category, R restricted) and rule. Every section can also say \
         `nothing_to_add`, and for each field why it is not answered.\n",
    );
    for field in contract::sections().fields {
        let Kind::Message(message) = field.kind else {
            continue;
        };
        let class = message.section.as_ref().unwrap().class;
        let name = field.name;
        write!(
            text,
            "\n## {name} ({class:?})\n\n| field | label | class | rule |\n|---|---|---|---|\n"
        )
        .unwrap();
        fields(&mut text, message, "", &label);
    }
    page("fields.md", &text);
}

fn fields(text: &mut String, message: &Message, above: &str, label: &dyn Fn(&str) -> String) {
    for field in message
        .fields
        .iter()
        .filter(|field| !field.speaks_of_the_section())
    {
        let many = if field.repeated { "[]" } else { "" };
        let path = format!("{above}{}{many}", field.name);
        let rule = &field.rule;
        writeln!(
            text,
            "| `{path}` | {} | {:?} | {} |",
            label(rule.label),
            rule.sensitivity,
            said(message, field)
        )
        .unwrap();
        if let Kind::Message(inner) = field.kind {
            fields(text, inner, &format!("{path}."), label);
        }
    }
}

/// The rule of a field in a few words.
fn said(message: &Message, field: &Field) -> String {
    let rule = &field.rule;
    let mut words = Vec::new();
    if !rule.code_set.is_empty() {
        words.push(format!("code set `{}`", rule.code_set));
    }
    match field.kind {
        Kind::Text if rule.code_set.is_empty() => {
            let format = rule
                .format
                .as_str_name()
                .trim_start_matches("FORMAT_")
                .to_lowercase();
            let format = if format == "unspecified" {
                "text".to_owned()
            } else {
                format
            };
            words.push(format!(
                "{format}, at most {} characters",
                field.max_length()
            ));
        }
        Kind::Enum(of) => words.push(format!("one of `{}`", of.name)),
        _ => {}
    }
    if let Some((least, most)) = rule.range {
        words.push(format!("{least} to {most}"));
    }
    if field.repeated {
        words.push(format!("at most {} items", field.max_items()));
    }
    if !rule.core.is_empty() {
        words.push("core question".to_owned());
    }
    let item = match field.kind {
        Kind::Message(item) => item,
        _ => message,
    };
    words.extend(
        rule.together
            .iter()
            .map(|rule| between(rule, message, item)),
    );
    words.join("; ")
}

/// A rule between fields in a few words.
fn between(rule: &Together, message: &Message, item: &Message) -> String {
    let in_of = |message: &Message, number: u32| {
        let (_, field) = message.field(number).unwrap();
        format!("`{}`", field.name)
    };
    let all = |numbers: &[u32]| {
        let names: Vec<_> = numbers.iter().map(|it| in_of(message, *it)).collect();
        names.join(" + ")
    };
    match rule {
        Together::NotBefore(other) => format!("not before {}", in_of(message, *other)),
        Together::Holds(parts) => format!("no less than {}", all(parts)),
        Together::Requires(other) => format!("only with {}", in_of(message, *other)),
        Together::NotWith(others) => {
            format!("not with {}", all(others).replace(" + ", ", "))
        }
        Together::BlankIf(flag) => format!("blank while {}", in_of(message, *flag)),
        Together::Ranked { by, .. } => format!("{} 1, 2, 3 without a gap", in_of(item, *by)),
        Together::Unique(by) => format!("each {} once", in_of(item, *by)),
        Together::AllOrNone(said) => {
            format!("{} {} in all or none", in_of(item, said.number), said.value)
        }
        Together::OnlyBeside {
            item: said, beside, ..
        } => format!(
            "{} {} only with {} {}",
            in_of(item, said.number),
            said.value,
            in_of(message, beside.number),
            beside.value
        ),
    }
}
