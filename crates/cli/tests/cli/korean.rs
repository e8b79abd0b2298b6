//! The command in Korean, where the locale asks for it.

use serde_json::Value;

use crate::site::{Run, SECRET, Site, finish};

fn korean(site: &Site, arguments: &[&str]) -> Run {
    let mut command = site.command(arguments);
    finish(command.env("LC_ALL", "ko_KR.UTF-8"), "")
}

#[test]
fn help_is_in_korean_headings_and_all() {
    let site = Site::empty();
    let help = korean(&site, &["--help"]);
    assert_eq!(help.code, 0, "{help:?}");
    for part in [
        "사용법: jeton [옵션] <명령>",
        "명령:\n",
        "옵션:\n",
        "종료 코드:",
        "[환경 변수: JETON_CONFIG]",
        "[기본값: jeton.toml]",
    ] {
        assert!(help.out.contains(part), "{part}: {}", help.out);
    }
    for arguments in [
        &["serve", "--help"][..],
        &["init", "-h"],
        &["user", "--help"],
        &["user", "import", "--help"],
        &["token", "mint", "--help"],
        &["keys", "generate", "--help"],
    ] {
        let help = korean(&site, arguments).out;
        assert!(help.contains("사용법: jeton"), "{help}");
        for english in ["Usage", "Options:", "Commands:", "Arguments:", "Print", "[default", "[possible", "Possible"] {
            assert!(!help.contains(english), "{english}: {help}");
        }
    }
    assert!(korean(&site, &["init", "--help"]).out.contains("- safe: Jeton이 권하는 방식"));
}

#[test]
fn mistakes_on_the_command_line_are_explained_in_korean() {
    let site = Site::empty();
    for (arguments, part) in [
        (&["frobnicate"][..], "오류: 모르는 명령입니다: frobnicate"),
        (&["serv"], "혹시 이것을 찾으셨나요? user, serve"),
        (&["user", "add"], "오류: 빠진 인자가 있습니다: <USERNAME>"),
        (&["check", "--jsn"], "오류: 모르는 인자입니다: --jsn"),
        (&["check", "--set", "nothing"], "log.level=debug처럼 설정=값으로 쓰세요"),
        (&["init", "--compatibility", "odd"], "가능한 값: safe, exact"),
        (&["user", "list", "--limit"], "--limit <LIMIT>에 값이 필요합니다"),
        (&["user", "add", "a", "--password-stdin", "--unusable-password"], "함께 쓸 수 없습니다"),
        (&["check", "--json", "--json"], "한 번만 쓸 수 있습니다"),
    ] {
        let run = korean(&site, arguments);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{run:?}");
        assert!(run.err.contains(part) && run.err.contains("사용법: jeton"), "{part}: {}", run.err);
        assert!(!run.err.contains("error:") && !run.err.contains("Usage"), "{}", run.err);
    }
}

#[test]
fn failures_say_in_korean_what_happened_and_what_to_do() {
    let site = Site::empty();
    let run = korean(&site, &["info"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.err.contains("jeton.toml이(가) 없습니다\n  `jeton init`으로 만들거나"), "{}", run.err);

    let site = Site::cheap();
    site.add("민정", "correct horse");
    let run = korean(&site, &["user", "lock", "민정"]);
    assert_eq!((run.code, run.out.as_str()), (0, "민정을 잠갔습니다\n"), "{run:?}");
    let run = korean(&site, &["user", "show", "영희"]);
    assert!(run.err.starts_with("jeton: 사용자 영희가 없습니다\n  이름은 대소문자까지"), "{}", run.err);
    site.write("jeton.toml", &format!("secret_key = \"{SECRET}\"\n[database]\nurl = \"sqlite://nowhere/jeton.db\"\n"));
    let run = korean(&site, &["user", "add", "a", "--unusable-password"]);
    assert!(run.err.contains("/nowhere이(가) 없습니다\n  만들거나 데이터베이스 URL에"), "{}", run.err);
}

#[test]
fn problems_of_settings_are_told_in_korean_and_in_json_as_ever() {
    let site = Site::empty();
    site.write(
        "jeton.toml",
        "secret_key = \"short\"\n[server]\nlisten = \"nowhere\"\n[simple_jwt]\nLEEWEY = 5\nALGORITHM = \"RS255\"\n",
    );
    let run = korean(&site, &["check"]);
    for part in [
        "오류: server.listen (3번째 줄): \"nowhere\"은(는) 주소와 포트가 아닙니다",
        "simple_jwt.LEEWEY (5번째 줄): 그런 설정은 없습니다",
        "simple_jwt.LEEWAY을(를) 뜻하셨나요?",
        "\"RS255\"는 여기에 쓸 수 있는 낱말이 아닙니다",
        "\"ES256K\", \"EdDSA\" 가운데 하나를 쓰세요.",
        "고칠 문제가 4개 있습니다.",
    ] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
    let (korean, english) = (korean(&site, &["check", "--json"]), site.run(&["check", "--json"]));
    assert_eq!((korean.code, korean.out), (english.code, english.out.clone()));
    assert!(serde_json::from_str::<Value>(&english.out).is_ok());
}
