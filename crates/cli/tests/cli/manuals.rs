//! `completions` and `man`: what the command tells shells and readers of itself.

use std::fs;
use std::process::Command;

use crate::site::Site;

const VERBS: [&str; 8] =
    ["serve", "init", "check", "createsuperuser", "user", "token", "flushexpiredtokens", "completions"];

#[test]
fn every_shell_learns_every_verb() {
    let site = Site::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = site.ok(&["completions", shell], "");
        for verb in VERBS {
            assert!(script.contains(verb), "{shell}: {verb}");
        }
    }
    let unknown = site.run(&["completions", "tcsh"]);
    assert_eq!((unknown.code, unknown.out.as_str()), (2, ""), "{unknown:?}");
}

#[test]
fn bash_takes_its_script() {
    let site = Site::empty();
    site.write("jeton.bash", &site.ok(&["completions", "bash"], ""));
    let ask = "source ./jeton.bash; COMP_WORDS=(jeton tok); COMP_CWORD=1; _jeton jeton tok jeton; echo ${COMPREPLY[@]}";
    match Command::new("bash").args(["--norc", "-c", ask]).current_dir(site.path("")).output() {
        Ok(output) => assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "token", "{output:?}"),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}"),
    }
}

#[test]
fn the_manual_has_a_page_for_each_verb() {
    let site = Site::empty();
    let page = site.ok(&["man"], "");
    assert!(page.contains(".TH jeton 1") && page.contains("Exit codes"), "{page}");
    let made = site.ok(&["man", "--out", "share/man1"], "");
    for name in ["jeton", "jeton-serve", "jeton-user", "jeton-user-add", "jeton-token-verify", "jeton-man"] {
        assert!(made.contains(&format!("{name}.1\n")), "{made}");
        let page = fs::read_to_string(site.path(&format!("share/man1/{name}.1"))).unwrap();
        assert!(page.contains(&format!(".TH {name} 1")) && page.contains(".SH SYNOPSIS"), "{page}");
    }
    let page = fs::read_to_string(site.path("share/man1/jeton-user-add.1")).unwrap();
    assert!(page.contains("\\-\\-password\\-stdin"), "{page}");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let site = Site::empty();
    site.write("file", "");
    let run = site.run(&["man", "--out", "file/man1"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.err.starts_with("jeton: file/man1 cannot be written: "), "{run:?}");
}

#[test]
fn neither_needs_a_site() {
    let site = Site::empty();
    site.ok(&["completions", "fish"], "");
    site.ok(&["man"], "");
    assert_eq!(fs::read_dir(site.path("")).unwrap().count(), 0);
}
