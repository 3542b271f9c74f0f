//! A central store told as the invariants ask for it, whatever database is behind it.

use std::collections::BTreeSet;

use skranke_domain::ids::DeviceId;
use skranke_protocol::chain::Head;
use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::epoch::EpochOpening;
use skranke_protocol::signature::SigningKey;
use skranke_protocol::tree::leaf_hash;
use skranke_protocol::wire::Scope;
use skranke_server::admission::leaf;
use skranke_server::audit;
use skranke_server::store::{CentralStore, Device, NewFeedItem, StoredFeedItem, Tenant};
use skranke_testkit::invariants::{Central, Logged, Moved, Tree};
use uuid::Uuid;

/// What the store holds of a municipality, its tree and its log.
pub(crate) fn central_in_words(store: &dyn CentralStore, tenant: &str) -> Central {
    let row = store.tenant(tenant).unwrap();
    let position = row.position();
    let items = store.feed_items(tenant, 0, position).unwrap();
    let leaves = (1..).zip(&items);
    let events = events(store, tenant, position);
    Central {
        heads: heads(store, tenant, &events),
        events,
        position,
        tree: Some(Tree {
            leaves: leaves
                .map(|(position, item)| leaf_hash(&leaf(position, item)))
                .collect(),
            root: row.tree.root(),
        }),
        moves: (1..).zip(&items).filter_map(moved).collect(),
        epoch: row.epoch,
        began: began(&row),
        log: Some(log(store, tenant)),
        audit_fault: audit_fault(store, tenant),
    }
}

fn events(
    store: &dyn CentralStore,
    tenant: &str,
    position: u64,
) -> Vec<(SealedEvent, Option<u64>)> {
    let any = Device::new(
        DeviceId::from_uuid(Uuid::nil()),
        "",
        SigningKey::from_seed(&[1; 32]).public(),
        Scope::Tenant,
    );
    let mut events = Vec::new();
    let mut after = 0;
    while after < position {
        let slice = store.feed(tenant, &any, after, 500).unwrap();
        for (position, item) in slice.items {
            if let StoredFeedItem::Event(event) = item {
                events.push((event, Some(position)));
            }
        }
        after = slice.read_to;
    }
    events
}

/// Where the chain of each computer ends that has work in the feed.
fn heads(
    store: &dyn CentralStore,
    tenant: &str,
    events: &[(SealedEvent, Option<u64>)],
) -> Vec<(DeviceId, Head)> {
    let headers = events.iter().map(|(event, _)| event.header());
    let devices: BTreeSet<DeviceId> = headers.map(|header| header.device_id).collect();
    let heads = devices.into_iter().map(|id| {
        let device = store.device(tenant, id).unwrap();
        (id, device.expect("whose work is taken is enrolled").head)
    });
    heads.collect()
}

/// A case that came to a laptop or went from it, where the item says that.
fn moved((position, item): (u64, &NewFeedItem)) -> Option<Moved> {
    let (case, device, enters) = match item {
        NewFeedItem::Event { .. } => return None,
        NewFeedItem::ScopeEntered { case_id, device_id } => (*case_id, *device_id, true),
        NewFeedItem::ScopeLeft { case_id, device_id } => (*case_id, *device_id, false),
    };
    Some(Moved {
        position,
        case,
        device,
        enters,
    })
}

/// The last position when the epoch began.
fn began(tenant: &Tenant) -> u64 {
    let opening = tenant.opening.as_ref();
    opening.map_or(0, |signed| {
        let opening: EpochOpening = serde_json::from_str(signed.body()).unwrap();
        opening.position
    })
}

/// What `skranke-server audit verify` would name.
pub(crate) fn audit_fault(store: &dyn CentralStore, tenant: &str) -> Option<String> {
    let keys = store.server_keys().unwrap();
    let key = SigningKey::from_seed(&keys.signing_seed).public();
    let looked = audit::verify(store, tenant, &key).unwrap();
    looked.err().map(|fault| format!("{fault:?}"))
}

fn log(store: &dyn CentralStore, tenant: &str) -> Vec<Logged> {
    let mut log = Vec::new();
    let mut last = 0;
    loop {
        let rows = store.audit_rows(tenant, last, 1_000).unwrap();
        let Some(newest) = rows.last() else {
            return log;
        };
        last = newest.number;
        log.extend(rows.into_iter().map(|row| Logged {
            action: row.action,
            case: row.case_id,
            device: row.device_id,
            detail: row.detail,
        }));
    }
}
