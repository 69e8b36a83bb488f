//! The build refuses a contract that breaks its own rules. Its check is compiled in here and tried
//! on contracts that are wrong on purpose.

use std::{fs, path::Path};

use prost_reflect::DescriptorPool;

#[path = "../../build/check.rs"]
mod check;
#[expect(dead_code, reason = "what only the tables print")]
#[path = "../../build/rule.rs"]
mod rule;
#[path = "../../build/together.rs"]
mod together;

const PROTO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto");

/// The problems of the contract in which `Identity` is this.
fn problems_with(identity: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let package = folder.path().join("baton/v1");
    fs::create_dir_all(&package).expect("writable");
    let import = |name: &str| format!("import \"baton/v1/{name}.proto\";\n");
    let source = format!(
        "syntax = \"proto3\";\npackage baton.v1;\n{}{}{identity}
         message Sections {{ optional Identity identity = 1; }}",
        import("options"),
        import("answer"),
    );
    fs::write(package.join("sections.proto"), source).expect("writable");
    let mut compiler = protox::Compiler::new([folder.path(), Path::new(PROTO)]).expect("folders");
    compiler
        .include_imports(true)
        .open_file("baton/v1/sections.proto")
        .expect("it compiles");
    let encoded = compiler.encode_file_descriptor_set();
    let pool = DescriptorPool::decode(encoded.as_slice()).expect("it is complete");
    let mut problems = check::problems(&pool);
    // The other kinds are missing on purpose.
    problems.retain(|problem| !problem.starts_with("Sections: has no field for"));
    problems
}

const SECTION: &str =
    "option (section) = { kind: SECTION_KIND_IDENTITY sensitivity: SENSITIVITY_PERSONAL };";
const RULE: &str = "label: 'l' group: 'g' order: 1 sensitivity: SENSITIVITY_ORDINARY \
                    filled_by: FILLER_SENCO";

fn identity(field: &str) -> String {
    format!("message Identity {{ {SECTION} {field} }}")
}

#[test]
fn a_field_that_keeps_the_rules_passes() {
    let field = format!("optional string upn = 1 [(field) = {{ {RULE} }}];");
    assert_eq!(problems_with(&identity(&field)), Vec::<String>::new());
}

#[test]
fn a_field_without_label_or_sensitivity_does_not_build() {
    assert_eq!(
        problems_with(&identity("optional string upn = 1;")),
        ["Identity.upn: has no option (baton.v1.field)"]
    );
    let field =
        "optional string upn = 1 [(field) = { group: 'g' order: 1 filled_by: FILLER_DSL }];";
    assert_eq!(
        problems_with(&identity(field)),
        [
            "Identity.upn: has no label",
            "Identity.upn: has no sensitivity"
        ]
    );
}

#[test]
fn a_field_more_sensitive_than_its_section_does_not_build_even_inside_a_part() {
    let high = RULE.replace("ORDINARY", "HIGH");
    let source = format!(
        "message Part {{ optional string secret = 1 [(field) = {{ {high} }}]; }}
         message Identity {{ {SECTION} repeated Part parts = 1 [(field) = {{ {RULE} }}]; }}"
    );
    assert_eq!(
        problems_with(&source),
        ["Part.secret: is more sensitive than its section Identity"]
    );
}

#[test]
fn every_mistake_is_told_at_once() {
    let source = format!(
        "enum Wrong {{ WRONG_YES = 0; }}
         message Part {{ optional Part inner = 1 [(field) = {{ {RULE} }}]; }}
         message Identity {{
           {SECTION}
           optional float a = 1 [(field) = {{ {RULE} }}];
           map<string, string> b = 2 [(field) = {{ {RULE} max_length: 3 }}];
           oneof c {{ string d = 3 [(field) = {{ {RULE} }}]; }}
           optional Wrong e = 4 [(field) = {{ {RULE} format: FORMAT_DATE }}];
           string f = 5 [(field) = {{ {RULE} max_items: 3 }}];
           optional int32 g = 6 [(field) = {{ {RULE} minimum: 5 maximum: 5 }}];
           optional Part h = 7 [(field) = {{ {RULE} }}];
         }}"
    );
    insta::assert_snapshot!(problems_with(&source).join("\n"));
}

#[test]
fn a_section_of_another_name_or_kind_does_not_build() {
    let source = "message Identity {
        option (section) = { kind: SECTION_KIND_SEND sensitivity: SENSITIVITY_HIGH }; }";
    assert_eq!(
        problems_with(source),
        ["Identity: names another kind or no sensitivity"]
    );
}

#[test]
fn a_rule_that_names_a_field_that_is_not_there_or_of_another_type_does_not_build() {
    let source = format!(
        "message Row {{
           optional uint32 rank = 1 [(field) = {{ {RULE} }}];
           repeated string code = 2 [(field) = {{ {RULE_2} }}];
           optional string ended = 3 [(field) = {{ {RULE_3} }}];
         }}
         message Identity {{
           {SECTION}
           optional string a = 1 [(field) = {{ {RULE} format: FORMAT_DATE not_before: 'nowhere' }}];
           optional string b = 2 [(field) = {{ {RULE_2} not_before: 'b' }}];
           optional uint32 c = 3 [(field) = {{ {RULE_3} holds: ['a', 'd'] }}];
           optional bool d = 4 [(field) = {{ {RULE_4} requires: 'nothing' not_with: ['a', 'none'] }}];
           optional string e = 5 [(field) = {{ {RULE_5} blank_if: 'a' items: {{ ranked_by: 'a' }} }}];
           repeated Row rows = 6 [(field) = {{ {RULE_6} items: {{
             ranked_by: 'code' unique_by: 'code' ended: 'ended'
             all_or_none: {{ field: 'rank' value: 'A' }}
             only_beside: {{ item: {{ field: 'code' }} beside: {{ field: 'rank' value: '1' }} }}
           }} }}];
         }}",
        RULE_2 = RULE.replace("order: 1", "order: 2"),
        RULE_3 = RULE.replace("order: 1", "order: 3"),
        RULE_4 = RULE.replace("order: 1", "order: 4"),
        RULE_5 = RULE.replace("order: 1", "order: 5"),
        RULE_6 = RULE.replace("order: 1", "order: 6"),
    );
    insta::assert_snapshot!(problems_with(&source).join("\n"));
}

#[test]
fn a_rule_between_fields_of_the_right_types_builds() {
    let two = RULE.replace("order: 1", "order: 2");
    let source = format!(
        "message Identity {{
           {SECTION}
           optional string a = 1 [(field) = {{ {RULE} format: FORMAT_PAST_DATE }}];
           optional string b = 2 [(field) = {{ {two} format: FORMAT_DATE not_before: 'a' }}];
         }}"
    );
    assert_eq!(problems_with(&source), Vec::<String>::new());
}
