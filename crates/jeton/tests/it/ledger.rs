//! What the rules of the ledger look like from outside.

use axum::http::StatusCode;
use jeton::auth::{Account, NewPassword};
use jeton::settings::{AuthenticationClass, Compatibility, UserField};
use jeton_store::EventKind;
use serde_json::json;

use crate::site::{PASSWORD, Site, settings};

async fn refused(site: &Site, token: &str) {
    let reply = site.refresh(token).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{}", reply.text);
    assert_eq!(reply.json(), json!({"detail": "Token is blacklisted", "code": "token_not_valid"}));
}

async fn kinds(site: &Site) -> Vec<EventKind> {
    let events = site.jeton.auth().store().list_events(None, 1000).await.unwrap();
    events.into_iter().map(|event| event.event.kind).collect()
}

/// 64 requests at once with one refresh token: how many got 200, and which successors they got.
async fn race(site: &Site, token: &str) -> (usize, Vec<String>) {
    let requests = (0..64).map(|_| async { site.refresh(token).await });
    let mut tasks = Vec::new();
    for request in requests {
        tasks.push(request);
    }
    let replies = join_all(tasks).await;
    let good: Vec<_> = replies.iter().filter(|reply| reply.status == StatusCode::OK).collect();
    assert!(replies.iter().all(|reply| [200, 401].contains(&reply.status.as_u16())));
    let mut successors: Vec<String> = good.iter().map(|reply| reply.text_of("refresh")).collect();
    successors.sort();
    successors.dedup();
    (good.len(), successors)
}

async fn join_all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|cx| {
        let mut pending = false;
        for (future, output) in &mut futures {
            if output.is_none() {
                match future.as_mut().poll(cx) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => pending = true,
                }
            }
        }
        if pending { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    futures.into_iter().filter_map(|(_, output)| output).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exact_64_refreshes_at_once_give_one_200() {
    let site = Site::exact().await;
    for _ in 0..10 {
        let (refresh, _) = site.login("alice").await;
        let (good, successors) = race(&site, &refresh).await;
        assert_eq!((good, successors.len()), (1, 1));
        site.rotate(&successors[0]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn safe_64_refreshes_at_once_give_one_successor_64_times() {
    let site = Site::safe().await;
    for _ in 0..10 {
        let (refresh, _) = site.login("alice").await;
        let (good, successors) = race(&site, &refresh).await;
        assert_eq!((good, successors.len()), (64, 1));
        site.rotate(&successors[0]).await;
    }
}

#[tokio::test]
async fn a_replay_outside_the_rules_ends_that_family_and_no_other() {
    let site = Site::safe().await;
    let (stolen, _) = site.login("alice").await;
    let (other, _) = site.login("alice").await;
    let (bobs, _) = site.login("bob").await;
    let second = site.rotate(&stolen).await;
    let third = site.rotate(&second).await;
    site.pass(11);
    refused(&site, &stolen).await;
    refused(&site, &third).await;
    refused(&site, &second).await;
    site.rotate(&other).await;
    site.rotate(&bobs).await;
    assert_eq!(kinds(&site).await.iter().filter(|&&kind| kind == EventKind::FamilyEnded).count(), 1);
}

#[tokio::test]
async fn a_lost_answer_may_be_asked_for_again_until_the_successor_is_in_use() {
    let site = Site::safe().await;
    let (first, _) = site.login("alice").await;
    let successor = site.rotate(&first).await;
    site.pass(3600);
    assert_eq!(site.rotate(&first).await, successor, "bytes are equal for HS256");
    let access = site.refresh(&first).await.text_of("access");
    assert_eq!(site.me(&access).await.status, StatusCode::OK);
    site.pass(60);
    refused(&site, &first).await;
    refused(&site, &successor).await;
    assert!(kinds(&site).await.contains(&EventKind::LateReplay));
}

#[tokio::test]
async fn a_late_replay_from_another_user_agent_ends_the_family() {
    let site = Site::safe().await;
    let (first, _) = site.login("alice").await;
    let successor = site.rotate(&first).await;
    site.pass(60);
    let thief = [("User-Agent", "somebody else")];
    let reply = site.post_as("/api/token/refresh/", &json!({"refresh": first}), &thief).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    refused(&site, &successor).await;
}

#[tokio::test]
async fn a_grandparent_within_the_window_costs_the_late_replay_only() {
    let site = Site::safe().await;
    let (first, _) = site.login("alice").await;
    let second = site.rotate(&first).await;
    let third = site.rotate(&second).await;
    refused(&site, &first).await;
    let fourth = site.rotate(&third).await;
    assert_eq!(site.rotate(&third).await, fourth);
    site.pass(60);
    refused(&site, &third).await;
    refused(&site, &fourth).await;
}

#[tokio::test]
async fn in_safe_ending_wins_with_any_token_of_the_family() {
    let site = Site::safe().await;
    let (first, _) = site.login("alice").await;
    let second = site.rotate(&first).await;
    for token in [&first, &second, &first] {
        let reply = site.post("/api/token/blacklist/", &json!({"refresh": token})).await;
        assert_eq!((reply.status, reply.text.as_str()), (StatusCode::OK, "{}"));
    }
    refused(&site, &second).await;
}

#[tokio::test]
async fn in_safe_nobody_logs_out_somebody_else() {
    let site = Site::safe().await;
    let (alices, _) = site.login("alice").await;
    let (_, bobs_access) = site.login("bob").await;
    let bearer = format!("Bearer {bobs_access}");
    let reply =
        site.post_as("/api/logout/", &json!({"refresh_token": alices}), &[("Authorization", bearer.as_str())]).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    site.rotate(&alices).await;
    let reply = site.post_as("/api/logout/", &json!({}), &[("Authorization", bearer.as_str())]).await;
    assert_eq!(reply.json(), json!({"refresh_token": ["This field is required."]}));
}

#[tokio::test]
async fn a_family_has_an_absolute_end_in_safe() {
    let mut settings = settings(Compatibility::Safe);
    settings.ledger.refresh_family_lifetime = Some(std::time::Duration::from_secs(36 * 3600));
    let site = Site::new(settings).await;
    let (first, _) = site.login("alice").await;
    site.pass(20 * 3600);
    let second = site.rotate(&first).await;
    site.pass(15 * 3600);
    site.rotate(&second).await;
    site.pass(3600);
    let reply = site.refresh(&second).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{}", reply.text);
}

#[tokio::test]
async fn our_layout_without_a_row_is_refused_and_recorded() {
    let (site, elsewhere) = (Site::safe().await, Site::safe().await);
    let (foreigner, _) = elsewhere.login("alice").await;
    refused(&site, &foreigner).await;
    assert!(kinds(&site).await.contains(&EventKind::UnknownToken));
}

#[tokio::test]
async fn an_inactive_user_is_refused_and_nothing_is_burnt() {
    let site = Site::safe().await;
    let (refresh, _) = site.login("alice").await;
    let auth = site.jeton.auth();
    let alice = auth.store().find_user_by_username("alice").await.unwrap().unwrap();
    auth.set_active(&alice, false).await.unwrap();
    let reply = site.refresh(&refresh).await;
    assert_eq!(reply.json(), json!({"detail": "No active account found for the given token."}));
    auth.set_active(&alice, true).await.unwrap();
    site.rotate(&refresh).await;
}

#[tokio::test]
async fn in_safe_a_deleted_user_s_families_end() {
    for (compatibility, revoked) in [(Compatibility::Safe, true), (Compatibility::Exact, false)] {
        let site = Site::new(settings(compatibility)).await;
        let (refresh, _) = site.login("alice").await;
        let auth = site.jeton.auth();
        let alice = auth.store().find_user_by_username("alice").await.unwrap().unwrap();
        auth.delete_user(&alice).await.unwrap();
        let reply = site.post("/api/token/blacklist/", &json!({"refresh": refresh})).await;
        assert_eq!(reply.status, StatusCode::OK);
        let ended = kinds(&site).await.contains(&EventKind::TokenBlacklisted);
        assert_eq!(ended, !revoked, "a family that has ended is not ended again");
    }
}

#[tokio::test]
async fn the_sliding_token_of_an_inactive_user_rests_in_safe() {
    for (compatibility, status) in [(Compatibility::Safe, 401), (Compatibility::Exact, 200)] {
        let site = Site::new(settings(compatibility)).await;
        let reply = site.post("/api/token/sliding/", &json!({"username": "alice", "password": PASSWORD})).await;
        let auth = site.jeton.auth();
        let alice = auth.store().find_user_by_username("alice").await.unwrap().unwrap();
        auth.set_active(&alice, false).await.unwrap();
        let reply = site.post("/api/token/sliding/refresh/", &json!({"token": reply.text_of("token")})).await;
        assert_eq!(reply.status.as_u16(), status);
    }
}

#[tokio::test]
async fn after_rotations_without_blacklisting_every_generation_is_good_and_ends_alone_in_exact() {
    let mut settings = settings(Compatibility::Exact);
    settings.simple_jwt.blacklist_after_rotation = false;
    let site = Site::new(settings).await;
    let (first, _) = site.login("alice").await;
    let second = site.rotate(&first).await;
    let third = site.rotate(&first).await;
    assert_ne!(second, third);
    let reply = site.post("/api/token/blacklist/", &json!({"refresh": second})).await;
    assert_eq!(reply.status, StatusCode::OK);
    refused(&site, &second).await;
    site.rotate(&first).await;
    site.rotate(&third).await;
    let reply = site.post("/api/token/blacklist/", &json!({"refresh": second})).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    let auth = site.jeton.auth();
    let alice = auth.store().find_user_by_username("alice").await.unwrap().unwrap();
    let counts = auth.store().count_tokens(alice.id).await.unwrap();
    assert_eq!((counts.outstanding, counts.blacklisted), (5, 1));
}

#[tokio::test]
async fn a_name_that_looks_like_a_number_is_nobody_elses_number() {
    let mut settings = settings(Compatibility::Exact);
    settings.simple_jwt.user_id_field = UserField::Username;
    settings.authentication.classes = vec![AuthenticationClass::JwtStateless];
    let site = Site::new(settings).await;
    let auth = site.jeton.auth();
    let alice = auth.store().find_user_by_username("alice").await.unwrap().unwrap();
    let named =
        Account { username: alice.id.to_string(), password: NewPassword::Plain(PASSWORD.into()), ..Account::default() };
    auth.create_user(named).await.unwrap();
    let ((alices, _), (own, access)) = (site.login("alice").await, site.login(&alice.id.to_string()).await);
    let bearer = format!("Bearer {access}");
    let out = site.post_as("/api/logout/", &json!({"all": true}), &[("Authorization", &bearer)]).await;
    assert_eq!(out.status, StatusCode::OK, "{}", out.text);
    assert_eq!(site.refresh(&own).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(site.refresh(&alices).await.status, StatusCode::OK);
}
