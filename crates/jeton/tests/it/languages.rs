//! The language of answers: the site's, or the one that a request asks for.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use jeton::settings::{Compatibility, Settings};
use serde_json::json;

use crate::site::{PASSWORD, Reply, Site, settings};

fn negotiating(compatibility: Compatibility, language: &str) -> Settings {
    let mut settings = settings(compatibility);
    settings.languages.language_code = language.parse().unwrap();
    settings.languages.negotiated = true;
    settings
}

async fn get(site: &Site, path: &str, headers: &[(&str, &str)]) -> Reply {
    let request = headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
    site.send(request.body(Body::empty()).unwrap()).await
}

fn varies_with_language(reply: &Reply) -> bool {
    reply.headers.get_all("Vary").iter().any(|value| value == "Accept-Language")
}

#[tokio::test]
async fn every_answer_tells_its_language_where_requests_choose_it() {
    let site = Site::new(negotiating(Compatibility::Safe, "en-us")).await;
    let korean = [("Accept-Language", "ko-KR,ko;q=0.9,en;q=0.5")];
    for (path, status) in [
        ("/healthz", StatusCode::OK),
        ("/api/me/", StatusCode::UNAUTHORIZED),
        ("/api/me", StatusCode::MOVED_PERMANENTLY),
        ("/nowhere/", StatusCode::NOT_FOUND),
        ("/setup/", StatusCode::OK),
        ("/api/token/", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let reply = get(&site, path, &korean).await;
        assert_eq!((reply.status, reply.header("Content-Language")), (status, Some("ko")), "{path}");
        assert!(varies_with_language(&reply), "{path}");
        assert_eq!(get(&site, path, &[]).await.header("Content-Language"), Some("en"), "{path}");
    }
    let login = json!({"username": "alice", "password": PASSWORD});
    assert_eq!(site.post_as("/api/token/", &login, &korean).await.header("Content-Language"), Some("ko"));
}

#[tokio::test]
async fn where_the_site_chooses_nothing_is_told_and_nothing_asked_for_counts() {
    let mut settings = settings(Compatibility::Exact);
    settings.languages.language_code = "ko-kr".parse().unwrap();
    let site = Site::new(settings).await;
    let reply = get(&site, "/api/me/", &[("Accept-Language", "en"), ("Cookie", "django_language=en")]).await;
    assert_eq!(reply.json(), json!({"detail": "자격 인증 데이터가 제공되지 않았습니다."}));
    assert_eq!(reply.header("Content-Language"), None);
    assert!(!varies_with_language(&reply));
}

#[tokio::test]
async fn the_cookie_wins_over_the_header_and_the_last_cookie_over_others() {
    let site = Site::new(negotiating(Compatibility::Exact, "en-us")).await;
    for (cookie, language) in [
        ("django_language=fr", "fr"),
        ("django_language=de; django_language=ja", "ja"),
        ("django_language=\"fr\"", "fr"),
        ("django_language=klingon", "ko"),
        ("django_language=", "ko"),
        ("sessionid=fr", "ko"),
    ] {
        let reply = get(&site, "/api/me/", &[("Cookie", cookie), ("Accept-Language", "ko")]).await;
        assert_eq!(reply.header("Content-Language"), Some(language), "{cookie}");
    }
}

#[tokio::test]
async fn what_has_no_text_in_a_language_is_said_in_the_site_s() {
    let site = Site::new(negotiating(Compatibility::Exact, "ko-kr")).await;
    let login = json!({"username": "alice", "password": "wrong"});
    let detail = |language| {
        let site = &site;
        let login = &login;
        async move { site.post_as("/api/token/", login, &[("Accept-Language", language)]).await.text_of("detail") }
    };
    let korean = "지정된 자격 증명에 해당하는 활성화된 사용자를 찾을 수 없습니다";
    assert_eq!(detail("ja").await, korean);
    assert_eq!(detail("xx").await, korean);
    assert_eq!(detail("fr").await, "Aucun compte actif n'a été trouvé avec les identifiants fournis");
    assert_eq!(detail("en").await, "No active account found with the given credentials");
}

#[tokio::test]
async fn a_weight_of_zero_excludes_a_language_in_safe_and_asks_for_it_in_exact() {
    for (compatibility, language) in [(Compatibility::Safe, "en"), (Compatibility::Exact, "ko")] {
        let site = Site::new(negotiating(compatibility, "en-us")).await;
        let reply = get(&site, "/healthz", &[("Accept-Language", "ko;q=0")]).await;
        assert_eq!(reply.header("Content-Language"), Some(language));
    }
}

#[tokio::test]
async fn pages_are_in_korean_for_who_reads_korean() {
    let site = Site::new(negotiating(Compatibility::Safe, "en-us")).await;
    let page = get(&site, "/api/token/", &[("Accept", "text/html"), ("Accept-Language", "ko")]).await;
    for part in ["<html lang=\"ko\">", ">본문으로 건너뛰기<", ">POST 보내기<", ">응답<"] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    let setup = get(&site, "/setup/", &[("Accept-Language", "ko")]).await;
    assert!(setup.text.contains("<h1>첫 관리자 만들기</h1>"), "{}", setup.text);
}
