//! The lawful basis of each section kind at each sort of setting, as a page, complete and up to date.

use std::fmt::Write as _;

use baton_domain::section::{Class, SectionKind};
use baton_domain::sharing::{
    Controller, LawfulBasis, Toward, consent_asked, lawful_basis, not_stopped,
};

const HEAD: &str = "\
<!-- Generated: BATON_WRITE_DOCS=1 cargo test -p baton-domain --all-features --test lawful_basis -->
# By which right a section is sent

Sharing between settings does not rest on agreement: a public body has a task, a private nursery an
interest. What people decide besides is recorded ([decisions](decisions.md)). This is the **usual** basis
of a setting that sends, by UK GDPR Article 6(1), with the condition of Article 9(2) and of the Data
Protection Act 2018 where the content may be of a special category, and of Article 10 where it may speak
of offences. Each setting's data protection officer confirms it in the record of processing (Article 30);
legitimate interests (6(1)(f)) need a written assessment.

The duty of a maintained school to send the common transfer file (Education (Pupil Information) (England)
Regulations 2005 reg 9) has routes of its own: publishing here does not discharge it, and a refusal that
is recorded here does not lift it.

Sources: UK GDPR Articles 6, 9, 10 and annex 1 (Data (Use and Access) Act 2025); Data Protection Act 2018
schedule 1; ICO, *Data sharing code of practice* and *10 step guide to sharing information to safeguard
children*.
";

fn page() -> String {
    let mut out = HEAD.to_owned();
    for kind in SectionKind::ALL {
        write!(out, "\n## `{kind}`\n\n").expect("a string takes text");
        for toward in Toward::ALL {
            let name = toward.name().replace('_', " ");
            if let Some(law) = consent_asked(*toward, kind) {
                writeln!(out, "**Consent** towards {name}: {law}.\n").expect("a string takes text");
            }
            if let Some(one) = not_stopped(*toward, kind) {
                writeln!(
                    out,
                    "Not stopped by a refusal towards {name}: {}.\n",
                    one.law
                )
                .expect("a string takes text");
            }
        }
        out += "| by | Article 6 | Article 9 | Article 10 | law |\n|---|---|---|---|---|\n";
        for by in Controller::ALL {
            let LawfulBasis {
                article_6,
                article_9,
                article_10,
                law,
            } = lawful_basis(kind, by);
            let (nine, ten) = (article_9.unwrap_or("none"), article_10.unwrap_or("none"));
            writeln!(
                out,
                "| {} | {article_6} | {nine} | {ten} | {law} |",
                by.name()
            )
            .expect("a string takes text");
        }
    }
    out
}

#[test]
fn the_page_says_what_the_table_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/lawful-basis.md");
    if std::env::var_os("BATON_WRITE_DOCS").is_some() {
        std::fs::write(path, page()).expect("the page can be written");
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == page(), "docs/lawful-basis.md is not up to date");
}

#[test]
fn every_kind_at_every_setting_has_a_basis_and_every_sensitive_one_a_condition() {
    // High for what it tells of other children, and of none of the special categories.
    let plain = [SectionKind::Relationships];
    for kind in SectionKind::ALL {
        for by in Controller::ALL {
            let basis = lawful_basis(kind, by);
            assert!(basis.article_6.starts_with("6(1)("), "{kind} {by:?}");
            assert!(!basis.law.is_empty(), "{kind} {by:?}");
            let sensitive = kind.class() >= Class::H && !plain.contains(&kind);
            assert!(!sensitive || basis.article_9.is_some(), "{kind} {by:?}");
            let restricted = kind.class() == Class::R;
            assert!(!restricted || basis.article_10.is_some(), "{kind} {by:?}");
            // Nobody sends by consent: it is asked besides, where law asks for it.
            assert!(!basis.article_6.contains("6(1)(a)"), "{kind} {by:?}");
        }
    }
}

#[test]
fn a_private_setting_has_no_public_task() {
    for kind in SectionKind::ALL {
        for by in [
            Controller::NurseryOrChildminder,
            Controller::IndependentSchool,
        ] {
            let basis = lawful_basis(kind, by).article_6;
            assert!(
                !basis.contains("(e)") && !basis.contains("(c)"),
                "{kind} {by:?} {basis}"
            );
        }
    }
}
