//! The event log.

use jeton_store::{EventKind, NewEvent, Store};

use crate::{after, event, key, kinds_of_events};

pub(crate) async fn events_are_listed_in_order_and_in_pages(store: Store) {
    let full = NewEvent {
        at: after(3),
        kind: EventKind::LateReplay,
        user_id: Some(99),
        family: Some(key(1)),
        address: Some("2001:db8::1".to_owned()),
        detail: Some("run 2".to_owned()),
    };
    let empty = event(EventKind::UnknownToken, None);
    for event in [&full, &empty, &full] {
        store.append_event(event).await.unwrap();
    }
    let first = store.list_events(None, 2).await.unwrap();
    assert_eq!(first.iter().map(|event| &event.event).collect::<Vec<_>>(), [&full, &empty]);
    let second = store.list_events(Some(first[1].id), 2).await.unwrap();
    assert_eq!(second.len(), 1);
    assert!(first[0].id < first[1].id && first[1].id < second[0].id);
}

pub(crate) async fn every_kind_of_event_is_kept(store: Store) {
    for kind in EventKind::ALL {
        store.append_event(&event(kind, None)).await.unwrap();
    }
    assert_eq!(kinds_of_events(&store).await, EventKind::ALL);
}
