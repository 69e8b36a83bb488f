//! Common Transfer Files, sound and broken.

use std::io::{BufRead, BufReader, Read};

use baton_domain::{calendar::AcademicYear, route::Point};
use baton_formats::{
    Problem,
    ctf::{CtfPupil, CtfReader, MAX_EVENT_BYTES, Occasion},
};
use baton_wire::{json, v1, walk};
use jiff::civil::{Date, date};
use prost::Message;

const EXAMPLE: &[u8] = include_bytes!("fixtures/ctf-25.xml");
const TODAY: Date = date(2026, 7, 20);

const SOUND: &str = "<Pupil><UPN>E351394824001</UPN><Surname>Example</Surname>\
    <Forename>Robin</Forename><DOB>2014-11-02</DOB><Sex>F</Sex></Pupil>";

/// A file of one version around pupils, each on a line of its own from line 2 on.
fn file(version: &str, pupils: &[&str]) -> String {
    let pupils = pupils.join("\n");
    format!(
        "<CTfile><Header><CTFversion>{version}</CTFversion><SourceSchool><LEA>351</LEA>\
         <Estab>3948</Estab></SourceSchool></Header><CTFpupilData>\n{pupils}\n\
         </CTFpupilData></CTfile>"
    )
}

/// A sound pupil with a UPN of its own and more elements at its end.
fn pupil(upn: &str, more: &str) -> String {
    SOUND
        .replace("E351394824001", upn)
        .replace("</Pupil>", &format!("{more}</Pupil>"))
}

fn read(input: impl BufRead) -> Vec<Result<CtfPupil, Problem>> {
    CtfReader::open(input, TODAY)
        .expect("a Common Transfer File")
        .collect()
}

/// The whole report of a file: header notes, each pupil or its problem, what was ignored.
fn report(input: impl BufRead) -> String {
    let mut reader = match CtfReader::open(input, TODAY) {
        Ok(reader) => reader,
        Err(refusal) => return format!("refused: {refusal}"),
    };
    let mut told: Vec<String> = reader
        .header()
        .notes
        .iter()
        .map(ToString::to_string)
        .collect();
    for pupil in &mut reader {
        match pupil {
            Err(problem) => told.push(problem.to_string()),
            Ok(pupil) => {
                told.push(format!(
                    "line {}, Pupil[{}] is sound",
                    pupil.line, pupil.index
                ));
                told.extend(pupil.notes.iter().map(|note| format!("  note {note}")));
                told.extend(pupil.ignored.iter().map(|path| format!("  ignored {path}")));
            }
        }
    }
    for (path, count) in &reader.ignored().paths {
        told.push(format!("ignored {path}: {count}"));
    }
    told.join("\n")
}

fn submission(pupil: &CtfPupil) -> v1::ProfileSubmission {
    pupil.to_submission(&Occasion {
        point: Point::PrimaryToSecondary,
        academic_year: AcademicYear::from_first_year(2025).expect("a year"),
        level: v1::Level::Universal,
        signatory: "Head of Year 6, A. Example".to_owned(),
    })
}

/// Whether the contract takes the sections as they are.
fn expect_publishable(pupil: &CtfPupil) {
    let content = pupil.to_sections().encode_to_vec().into();
    if let Err(violations) = walk::sections(&content, TODAY) {
        panic!("the contract refuses what was read: {violations:#?}");
    }
}

#[test]
fn the_example_becomes_a_submission() {
    let reader = CtfReader::open(EXAMPLE, TODAY).expect("a Common Transfer File");
    assert_eq!(reader.header().notes, []);
    insta::assert_debug_snapshot!("header", reader.header());
    let pupils: Vec<_> = reader.map(|pupil| pupil.expect("sound")).collect();
    let [pupil] = pupils.as_slice() else {
        panic!("one pupil")
    };
    assert!(
        pupil.notes.is_empty() && pupil.ignored.is_empty(),
        "{:?}",
        pupil.ignored
    );
    expect_publishable(pupil);
    let mut json = json::write(&submission(pupil)).expect("proto3 JSON");
    // The order of members depends on a feature some other crate may switch on.
    json.sort_all_objects();
    insta::assert_snapshot!(
        "submission",
        serde_json::to_string_pretty(&json).expect("text")
    );
}

#[test]
fn every_item_we_know_becomes_content_the_contract_takes() {
    let file = file("26.0", &[include_str!("fixtures/ctf-pupil-full.xml")]);
    insta::assert_snapshot!("full_report", report(file.as_bytes()));
    let pupils = read(file.as_bytes());
    let [Ok(pupil)] = pupils.as_slice() else {
        panic!("one sound pupil: {pupils:?}")
    };
    expect_publishable(pupil);
    let mut json = json::write(&submission(pupil)).expect("proto3 JSON");
    // The order of members depends on a feature some other crate may switch on.
    json.sort_all_objects();
    insta::assert_snapshot!(
        "full_submission",
        serde_json::to_string_pretty(&json).expect("text")
    );
}

#[test]
fn codes_of_earlier_years_are_mapped_with_a_note() {
    let old = pupil(
        "E351394824001",
        "<BasicDetails><Ethnicity>WALB</Ethnicity><Languages><Type>\
         <LanguageType>H</LanguageType><Language>AKAF</Language></Type></Languages></BasicDetails>\
         <SENhistory><SEN><SENprovision>P</SENprovision><StartDate>2020-01-01</StartDate></SEN>\
         <SENneeds><SENneed><SENtype>BESD</SENtype><SENtypeRank>1</SENtypeRank></SENneed>\
         </SENneeds></SENhistory>\
         <UniqueLearnerNumber>9999999999</UniqueLearnerNumber>",
    );
    let file = file("25.0", &[&old]);
    insta::assert_snapshot!(report(file.as_bytes()));
    let pupils = read(file.as_bytes());
    let [Ok(pupil)] = pupils.as_slice() else {
        panic!("one sound pupil: {pupils:?}")
    };
    assert!(pupil.basics.ethnicity.as_deref() == Some("WOTH"));
    assert!(pupil.basics.languages[0].language == "AKA");
    assert!(pupil.sen.latest_first()[0].provision == "K");
    assert!(pupil.sen.needs[0].need == "SEMH");
    expect_publishable(pupil);
}

#[test]
fn gender_is_sex_up_to_version_24_and_unknown_after() {
    let old = SOUND.replace("Sex>", "Gender>");
    let sex = |version: &str| {
        let pupils = read(file(version, &[&old]).as_bytes());
        let [Ok(pupil)] = pupils.as_slice() else {
            panic!("one sound pupil: {pupils:?}")
        };
        (pupil.identity.sex.clone(), pupil.ignored.clone())
    };
    assert_eq!(sex("24.0"), (Some("F".to_owned()), vec![]));
    assert_eq!(sex("25.0"), (None, vec!["Gender".to_owned()]));
}

#[test]
fn current_and_previous_versions_are_expected_and_others_noted() {
    let notes = |version: &str, today: Date| {
        let file = file(version, &[SOUND]);
        CtfReader::open(file.as_bytes(), today)
            .expect("a file")
            .header()
            .notes
            .len()
    };
    let (july, august, september) = (date(2026, 7, 31), date(2026, 8, 1), date(2026, 9, 1));
    let expected = |today| ["23.0", "24.0", "25.0", "26.0", "27.0", "x"].map(|v| notes(v, today));
    assert_eq!(expected(july), [1, 0, 0, 1, 1, 1]);
    assert_eq!(
        expected(august),
        [1, 0, 0, 0, 1, 1],
        "some switch in August"
    );
    assert_eq!(expected(september), [1, 1, 0, 0, 1, 1]);
}

#[test]
fn order_namespaces_and_unknown_elements_do_not_matter() {
    let file = "<?xml version='1.0'?><c:CTfile xmlns:c='http://example.org/cbds'>\n\
        <c:Novelty>new</c:Novelty>\n\
        <c:Header><c:SourceSchool><c:Estab>3948</c:Estab><c:LEA>351</c:LEA></c:SourceSchool>\
        <c:CTFversion>25.0</c:CTFversion><c:SuppInfo><c:Any/></c:SuppInfo></c:Header>\n\
        <c:CTFpupilData><c:Pupil><c:Sex>M</c:Sex><c:DOB>2014-11-02</c:DOB><c:Forename>Rob\
        <!-- in -->in</c:Forename><c:Surname><![CDATA[O'Example]]> &amp; &#83;on</c:Surname>\n\
        <c:Contacts><c:Contact><c:Zip>1</c:Zip><c:Surname>A</c:Surname></c:Contact><c:Contact>\
        <c:Zip>2</c:Zip><c:Surname>B</c:Surname></c:Contact></c:Contacts>\
        <c:UPN>E351394824001</c:UPN></c:Pupil></c:CTFpupilData></c:CTfile>";
    insta::assert_snapshot!(report(file.as_bytes()));
    let pupils = read(file.as_bytes());
    let [Ok(pupil)] = pupils.as_slice() else {
        panic!("one sound pupil: {pupils:?}")
    };
    assert_eq!(pupil.identity.surname, "O'Example & Son");
    assert_eq!(pupil.identity.forename, "Robin");
}

#[test]
fn what_is_no_transfer_file_is_refused_and_told_why() {
    let told = [
        "",
        "  \n ",
        "Dear colleague",
        "<ATfile><Header/></ATfile>",
        "<html/>",
        "<?xml version='1.0' encoding='klingon'?><CTfile/>",
        "<CTfile><CTFpupilData/></CTfile>",
        "<CTfile>\n</CTfile>",
        "<CTfile><Header>",
        "<CTfile><Header/></CTfile>",
        "<CTfile><Header><CTFversion>25.0</CTFversion><SourceSchool><LEA>35</LEA></SourceSchool>\
         <DocumentQualifier>half</DocumentQualifier><DateTime>today</DateTime></Header></CTfile>",
        "<!DOCTYPE CTfile [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>\
         <!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>]><CTfile>&c;</CTfile>",
        "<!DOCTYPE CTfile SYSTEM 'file:///etc/passwd'><CTfile/>",
    ]
    .map(|file| report(file.as_bytes()));
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn every_violation_of_a_pupil_is_told_and_the_next_one_comes() {
    let broken = "<Pupil>\n<UPN>D351394824001</UPN>\n<UniqueLearnerNumber>9276308685\
        </UniqueLearnerNumber>\n<Surname>A</Surname><Surname>B</Surname>\n<DOB>2027-01-01</DOB>\n\
        <Sex>W</Sex><BasicDetails><Ethnicity>ZZZZ</Ethnicity><MedicalFlag>maybe</MedicalFlag>\
        <PreferredSurname>Abcdefghijklmnopqrstuvwxyz-abcdefghijk</PreferredSurname>\
        <Disabilities><Disability>XX</Disability></Disabilities></BasicDetails>\n\
        <SENhistory><SEN><StartDate>01/09/2020</StartDate></SEN><SENneeds>\
        <SENneed><SENtypeRank>1</SENtypeRank><SENtype>SLCN</SENtype></SENneed>\
        <SENneed><SENtypeRank>1</SENtypeRank><SENtype>ASD</SENtype></SENneed>\
        <SENneed><SENtype>HI</SENtype></SENneed></SENneeds></SENhistory>\n\
        <FSMhistory><FSMinstance><FSMstartDate>2024-02-30</FSMstartDate></FSMinstance>\
        <FSMinstance><FSMstartDate>2024-02-01</FSMstartDate><FSMendDate>2024-01-01</FSMendDate>\
        <UKcountry>FRA</UKcountry></FSMinstance></FSMhistory>\n\
        <Contacts><Contact><Order>many</Order></Contact></Contacts>\n\
        <Attendance><YearData><Year>2025</Year><LEA>351</LEA><SessionsPossible>10\
        </SessionsPossible><SessionsAuthorised>6</SessionsAuthorised><SessionsUnauthorised>6\
        </SessionsUnauthorised><AttendSessions><AttendanceMarks>/?\\</AttendanceMarks>\
        </AttendSessions></YearData></Attendance>\n<StageAssessments><KeyStage>\
        <StageAssessment><Year>2030</Year></StageAssessment></KeyStage></StageAssessments>\n\
        <SchoolHistory><School><EntryDate>2020-09-01</EntryDate><LeavingDate>2019-09-01\
        </LeavingDate></School></SchoolHistory></Pupil>";
    let nobody = "<Pupil/>";
    let old = SOUND.replace("2014", "1914");
    let file = file("25.0", &[broken, nobody, &old, SOUND]);
    insta::assert_snapshot!(report(file.as_bytes()));
}

#[test]
fn a_child_that_comes_twice_is_a_problem_every_later_time() {
    let other = pupil("F351489824002", "");
    let broken = SOUND.replace("Sex>F", "Sex>W");
    let file = file("25.0", &[SOUND, &other, SOUND, &broken, &other]);
    insta::assert_snapshot!(report(file.as_bytes()));
}

#[test]
fn telephone_email_and_postcode_nobody_can_use_are_left_out_with_a_note() {
    let pupil = pupil(
        "E351394824001",
        "<Address><PostCode>bl9  oaa</PostCode></Address><Phones><Phone><PhoneNo>(0161) 496-0000\
         </PhoneNo></Phone><Phone><PhoneNo>after six</PhoneNo></Phone></Phones>\
         <Email>ask her</Email><Contacts><Contact><Surname>A</Surname><Address><PostCode>France\
         </PostCode><Country>FR</Country></Address></Contact></Contacts>",
    );
    let file = file("25.0", &[&pupil]);
    insta::assert_snapshot!(report(file.as_bytes()));
    let pupils = read(file.as_bytes());
    let [Ok(pupil)] = pupils.as_slice() else {
        panic!("one sound pupil: {pupils:?}")
    };
    let postcode = pupil
        .address
        .as_ref()
        .and_then(|address| address.postcode.as_deref());
    assert_eq!(postcode, Some("BL9 0AA"));
    assert!(pupil.phones.len() == 1 && pupil.phones[0].number == "01614960000");
    expect_publishable(pupil);
}

#[test]
fn malformed_xml_ends_the_file_after_the_pupils_before_it() {
    let other = pupil("F351489824002", "");
    let told = [
        file(
            "25.0",
            &[SOUND, "<Pupil><UPN>E351394824001</Surname></Pupil>", &other],
        ),
        file(
            "25.0",
            &[
                SOUND,
                "<Pupil><Surname>Fish & Chips</Surname></Pupil>",
                &other,
            ],
        ),
        file("25.0", &[SOUND, "<!DOCTYPE x>", &other]),
        file("25.0", &[SOUND]).replace("</CTFpupilData></CTfile>", ""),
        file("25.0", &[SOUND]).replace("</DOB>", "</DOB"),
        file("25.0", &[SOUND]) + "<CTfile/>",
        file("25.0", &[SOUND, &"<a>".repeat(40)]),
    ]
    .map(|file| report(file.as_bytes()));
    insta::assert_snapshot!(told.join("\n---\n"));
}

#[test]
fn bytes_that_are_no_text_cost_one_pupil() {
    let mangled = pupil("F351489824002", "").replace("Robin", "Zo@");
    let nul = pupil("Z839394725003", "").replace("Robin", "Ro\0bin");
    let reference = pupil("G330394623123", "").replace("Robin", "Ro&#0;bin");
    let entity = pupil("M823489725045", "").replace("Robin", "Ro&eacute;bin");
    let last = pupil("Z201394521300", "");
    let file = file("25.0", &[SOUND, &mangled, &nul, &reference, &entity, &last]);
    let bytes: Vec<u8> = file
        .bytes()
        .map(|b| if b == b'@' { 0xeb } else { b })
        .collect();
    insta::assert_snapshot!(report(bytes.as_slice()));
}

#[test]
fn other_encodings_are_read_as_their_declaration_or_mark_says() {
    let named = SOUND.replace("Robin", "Zoë");
    let text = file("25.0", &[&named]);
    let latin = format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{text}");
    let latin: Vec<u8> = latin
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let utf16: Vec<u8> = format!("\u{feff}{text}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let marked = format!("\u{feff}{text}").into_bytes();
    for bytes in [latin, utf16, marked] {
        let pupils = read(bytes.as_slice());
        let [Ok(pupil)] = pupils.as_slice() else {
            panic!("one sound pupil: {pupils:?}")
        };
        assert_eq!(pupil.identity.forename, "Zoë");
    }
}

#[test]
fn five_megabytes_of_text_are_one_violation_and_an_endless_text_ends_the_file() {
    let long = pupil("F351489824002", "").replace("Robin", &"x".repeat(5_000_000));
    let file_ = file("25.0", &[&long, SOUND]);
    insta::assert_snapshot!(report(file_.as_bytes()));

    let (head, _) = file_.split_once("xxx").expect("the long name");
    for endless in [b"x".as_slice(), b"&#83;", b"<!--", b"<Forename a='"] {
        let filler = std::io::repeat(b'y').take(4 * MAX_EVENT_BYTES);
        let input = BufReader::new(head.as_bytes().chain(endless).chain(filler));
        let mut reader = CtfReader::open(input, TODAY).expect("a file");
        let problem = reader.next().expect("an answer").expect_err("a problem");
        assert!(
            problem.fatal && problem.to_string().contains("limit"),
            "{problem}"
        );
        assert!(reader.next().is_none());
        assert!(reader.largest_buffer() as u64 <= 2 * MAX_EVENT_BYTES);
    }
}

#[test]
fn a_pupil_of_too_many_elements_is_one_problem() {
    let many = pupil("F351489824002", &"<Novelty/>".repeat(30_000));
    let file = file("25.0", &[&many, SOUND]);
    insta::assert_snapshot!(report(file.as_bytes()));
}

#[test]
fn what_products_leave_behind_is_settled_with_a_note_and_refuses_no_child() {
    let need = |rank: u32, kind: &str, end: &str| {
        let end = if end.is_empty() {
            String::new()
        } else {
            format!("<NeedEndDate>{end}</NeedEndDate>")
        };
        format!(
            "<SENneed><SENtypeRank>{rank}</SENtypeRank>{end}<SENtype>{kind}</SENtype></SENneed>"
        )
    };
    let goal = |component: &str, result: &str| {
        format!(
            "<StageAssessment><Locale>ENG</Locale><Year>2020</Year><Subject>COM</Subject>\
             <Method>FA</Method><Component>{component}</Component><ResultStatus>R</ResultStatus>\
             <ResultQualifier>FD</ResultQualifier><Result>{result}</Result></StageAssessment>"
        )
    };
    let more = format!(
        "<SENhistory><SEN><StartDate>2024-01-08</StartDate><SENprovision>E</SENprovision></SEN>\
         <SENneeds>{}{}{}{}</SENneeds></SENhistory>\
         <Address><BS7666Address><PAON>12</PAON><Town>Bury</Town></BS7666Address>\
         <AddressLines><AddressLine1>12 Sample Row</AddressLine1></AddressLines></Address>\
         <Attendance><YearData><Year>2025</Year><LEA>351</LEA><Estab>3948</Estab>\
         <SessionsPossible>380</SessionsPossible><SessionsAttended>379</SessionsAttended>\
         <SessionsAuthorised>2</SessionsAuthorised></YearData></Attendance>\
         <StageAssessments><KeyStage><Stage>FSP</Stage>{}{}</KeyStage></StageAssessments>",
        need(1, "NSA", ""),
        need(2, "NSA", "2023-07-21"),
        need(2, "ASD", ""),
        need(4, "SLCN", ""),
        goal("E01", "2"),
        goal("E02", "A"),
    );
    let file = file("25.0", &[&pupil("E351394824001", &more)]);
    let pupils = read(file.as_bytes());
    let pupil = pupils[0].as_ref().expect("a sound pupil");
    expect_publishable(pupil);
    let sections = pupil.to_sections();
    let needs: Vec<_> = sections
        .send
        .iter()
        .flat_map(|send| &send.needs)
        .map(|need| (need.rank.unwrap(), need.kind.as_deref().unwrap()))
        .collect();
    assert_eq!(needs, [(1, "NSA"), (1, "ASD"), (2, "SLCN")]);
    let attainment = sections.attainment.expect("results");
    assert!(attainment.early_years_profile.is_none());
    assert_eq!(attainment.results.len(), 2);
    let year = &sections.attendance.expect("a year").years[0];
    assert_eq!(
        (year.sessions_possible, year.sessions_attended),
        (None, Some(379))
    );
    insta::assert_snapshot!(report(file.as_bytes()));
}

#[test]
fn a_number_written_for_home_and_abroad_is_dialled_without_the_zero_between() {
    let cases = [
        ("+44 (0)161 496 0000", "+441614960000"),
        ("(+44) (0)161 496 0000", "+441614960000"),
        ("+44 (0) 161-496-0000", "+441614960000"),
        ("+44.( 0 )161.496.0000", "+441614960000"),
        ("0044 (0)161 496 0000", "00441614960000"),
        ("(0044) (0)161 496 0000", "00441614960000"),
        // For home alone every nought is dialled.
        ("(0)161 496 0000", "01614960000"),
        ("(0161) 496 0000", "01614960000"),
    ];
    for (written, dialled) in cases {
        let phone = format!("<Phones><Phone><PhoneNo>{written}</PhoneNo></Phone></Phones>");
        let pupil = pupil("E351394824001", &phone);
        let pupils = read(file("25.0", &[&pupil]).as_bytes());
        let pupil = pupils[0].as_ref().expect("a sound pupil");
        assert_eq!(pupil.phones[0].number, dialled, "{written}");
    }
}

#[test]
fn text_where_only_elements_are_read_is_told() {
    let pupil = pupil(
        "E351394824001",
        "<BasicDetails><Disabilities>AUT</Disabilities></BasicDetails>also known as Sam",
    );
    let pupils = read(file("25.0", &[&pupil]).as_bytes());
    let pupil = pupils[0].as_ref().expect("a sound pupil");
    assert_eq!(
        pupil.ignored,
        ["BasicDetails/Disabilities/text()", "text()"]
    );
}

#[test]
fn a_target_may_be_of_a_year_to_come_and_a_result_may_not() {
    let result = |status: &str, year: u32| {
        let row = format!(
            "<StageAssessments><KeyStage><Stage>KS4</Stage><StageAssessment><Year>{year}</Year>\
             <Subject>MAT</Subject><ResultStatus>{status}</ResultStatus>\
             <ResultQualifier>EG</ResultQualifier><Result>7</Result></StageAssessment></KeyStage>\
             </StageAssessments>"
        );
        read(file("25.0", &[&pupil("E351394824001", &row)]).as_bytes()).remove(0)
    };
    for status in ["T", "E"] {
        let pupil = result(status, 2027).expect("a sound pupil");
        assert_eq!(pupil.assessments[0].year, Some(2027), "{status}");
        expect_publishable(&pupil);
    }
    assert!(result("R", 2027).is_err());
    assert!(result("T", 2077).is_err());
}

#[test]
fn the_day_of_a_typed_result_is_not_lost() {
    let row = "<StageAssessments><KeyStage><Stage>KS2</Stage><StageAssessment><Locale>ENG</Locale>\
         <Year>2025</Year><Subject>MAT</Subject><Method>TT</Method><Component>MTC</Component>\
         <ResultStatus>R</ResultStatus><ResultQualifier>MT</ResultQualifier><Result>24</Result>\
         <ResultDate>2025-06-09</ResultDate></StageAssessment></KeyStage></StageAssessments>";
    let pupils = read(file("25.0", &[&pupil("E351394824001", row)]).as_bytes());
    let pupil = pupils[0].as_ref().expect("a sound pupil");
    expect_publishable(pupil);
    let attainment = pupil.to_sections().attainment.expect("results");
    assert_eq!(attainment.multiplication_check.len(), 1);
    let dates: Vec<_> = attainment
        .results
        .iter()
        .map(|it| it.result_date.as_deref())
        .collect();
    assert_eq!(dates, [Some("2025-06-09")]);
}

#[test]
fn the_time_a_file_was_written_may_name_its_zone() {
    for time in [
        "2026-07-14T09:30:00",
        "2026-07-14T09:30:00Z",
        "2026-07-14T09:30:00.1234567+01:00",
    ] {
        let header = format!("<Header><DateTime>{time}</DateTime>");
        let file = file("25.0", &[SOUND]).replace("<Header>", &header);
        let reader = CtfReader::open(file.as_bytes(), TODAY).map_err(|it| it.to_string());
        let written = reader.map(|reader| reader.header().written);
        assert!(
            written.as_ref().is_ok_and(Option::is_some),
            "{time}: {written:?}"
        );
    }
}
