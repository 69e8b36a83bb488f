//! Contract records in JSON: lines, arrays and single objects.

use std::io::{BufRead, BufReader, Read};

use baton_formats::{
    Refusal,
    records::{MAX_RECORD_BYTES, Records},
};

fn told(input: impl BufRead) -> String {
    let records = Records::open(input).expect("records");
    let told = records.map(|record| match record {
        Ok(mut record) => {
            // The order of members depends on a feature some other crate may switch on.
            record.value.sort_all_objects();
            format!(
                "line {}, record {}: {}",
                record.line, record.index, record.value
            )
        }
        Err(problem) => problem.to_string(),
    });
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_bad_line_is_told_and_the_rest_goes_on() {
    let file = [
        b"\xef\xbb\xbf\n{\"signatory\": \"A\"}\n\n{\"a\": [1, 2.5, null, true]\n".as_slice(),
        b"{\"a\": {\"b\": [{\"c\": \"x\\u0000y\"}]}}\n{\"a\": 1, \"b\": {\"k\": 1, \"k\": 2}}\n",
        b"[1]\n\"text\"\n{\"name\": \"\xff\"}\n{\"a\":}\n{\"z\": -3} trailing\n{\"last\": \"yes\"}",
    ]
    .concat();
    insta::assert_snapshot!(told(file.as_slice()));
}

#[test]
fn an_array_is_streamed_and_each_element_stands_alone() {
    let file =
        "\n [ {\"a\": \"[,]\\\"}\"},\n{\"b\": tru},\n\n {\"c\": {\"d\": []}} ,, {\"e\": 1}\n]\n";
    insta::assert_snapshot!(told(file.as_bytes()));
}

#[test]
fn an_array_may_be_empty_and_must_be_closed_and_last() {
    assert_eq!(told(&b"[ ]\n"[..]), "");
    insta::assert_snapshot!(
        [
            told(&b"[{\"a\": 1}, {\"b\": "[..]),
            told(&b"[{\"a\": 1}] {\"b\": 2}"[..]),
            told(&b"[{\"a\": 1},]"[..]),
            told(&b"["[..]),
        ]
        .join("\n---\n")
    );
}

#[test]
fn an_object_over_several_lines_is_one_record() {
    let file = "{\n  \"signatory\": \"A\",\n  \"academicYear\": 2025\n}\n";
    insta::assert_snapshot!(told(file.as_bytes()));
    assert!(told(&b"{\n  \"signatory\":"[..]).contains("cut off"));
}

#[test]
fn five_megabytes_of_text_are_one_problem_and_are_not_kept() {
    for (before, after) in [("", "\n{\"b\": 2}\n"), ("[", ",{\"b\": 2}]")] {
        let open = format!("{before}{{\"a\": \"");
        let close = format!("\"}}{after}");
        let text = std::io::repeat(b'x').take(5_000_000);
        let input = open.as_bytes().chain(text).chain(close.as_bytes());
        let mut records = Records::open(BufReader::new(input)).expect("records");
        let problem = records.next().expect("an answer").expect_err("too large");
        assert_eq!(
            problem.to_string(),
            "line 1, record 1\n  line 1: is over the limit of 4194304 bytes"
        );
        assert!(records.next().is_some_and(|record| record.is_ok()));
        assert!(records.next().is_none());
        assert!(
            records.largest_buffer() <= 2 * MAX_RECORD_BYTES,
            "{}",
            records.largest_buffer()
        );
    }
}

#[test]
fn nothing_and_utf16_are_refused() {
    assert!(matches!(Records::open(&b" \n\t"[..]), Err(Refusal::Empty)));
    assert!(matches!(
        Records::open(&b"\xff\xfe{\0"[..]),
        Err(Refusal::Utf16)
    ));
    let blank = BufReader::new(std::io::repeat(b' '));
    assert!(matches!(
        Records::open(blank),
        Err(Refusal::Malformed { .. })
    ));
}
