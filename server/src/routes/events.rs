//! Push and pull of events.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use skranke_domain::ids::{CaseId, DeviceId, GrantId};
use skranke_protocol::encoding::to_hex;
use skranke_protocol::envelope::{EventHeader, SealedEvent};
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::tree::leaf_hash;
use skranke_protocol::wire::{
    BEHIND, Cursor, DeviceState, FeedEntry, FeedItem, FeedPage, MAX_BATCH_BYTES, MAX_BATCH_EVENTS,
    MAX_PAGE_ITEMS, MAX_WAIT_SECONDS, MORE, NEXT_CURSOR, PushAnswer, PushBatch, Scope,
};
use tokio::time::Instant;
use uuid::Uuid;

use super::{answer, json, weighed};
use crate::admission::{self, Circumstances, Offered};
use crate::auth::Call;
use crate::central::Central;
use crate::log;
use crate::place::Place;
use crate::problem::{Answer, Refusal};
use crate::store::{AuditRow, CentralTransaction, Device, FeedSlice, Stored, StoredFeedItem};

/// Takes a batch of commands; each gets a verdict of its own.
#[utoipa::path(
    post,
    path = "/v1/events",
    request_body(content = PushBatch, description = "May be packed: `Content-Encoding: zstd`"),
    params(("skranke-behind" = Option<String>, Header, description = "`?1` where the batch in front of this one is not answered yet, `?0` or left out where it is. With `?1` and without the event that the first of this one follows in the device's chain, nothing of it is judged or kept, and it is refused: `state_mismatch`")),
    responses((status = 200, description = "A verdict for each command", body = PushAnswer)),
    security(("device" = [])),
)]
pub(super) async fn push(
    State(central): State<Arc<Central>>,
    Extension(call): Extension<Arc<Call>>,
) -> Answer<Response> {
    let is_behind = is_behind(call.headers())?;
    let (reading, weighing) = (Arc::clone(&call), Arc::clone(&central));
    let (offered, grants, offered_again) = tokio::task::spawn_blocking(move || -> Answer<_> {
        let batch: PushBatch = json(&weighed(&weighing, &reading, MAX_BATCH_BYTES)?)?;
        if batch.len() > MAX_BATCH_EVENTS || batch.commands.len() > MAX_BATCH_EVENTS {
            return Err(Refusal::of(ProblemCode::TooLarge, "events"));
        }
        let device = reading.device()?;
        // What others offer of a device is not signed with the sender's key.
        let known_to = if batch.offered_again {
            u64::MAX
        } else {
            device.head.seq
        };
        let offered = Offered::read(batch.commands, &device.public_key, known_to);
        if !Offered::is_worth_sharing(&offered) {
            Offered::check(&offered);
        }
        Ok((Arc::new(offered), batch.grants, batch.offered_again))
    })
    .await
    .map_err(|_| Refusal::from(ProblemCode::Unavailable))??;
    if Offered::is_worth_sharing(&offered) {
        let beside = Arc::clone(&offered);
        // Nobody waits for it: the writer checks itself what it comes to first.
        tokio::task::spawn_blocking(move || Offered::check(&beside));
    }
    let device_id = call.device()?.id;
    // A revoked device hands over its own work and vouches for nobody else's.
    let offered_again = offered_again && call.device()?.state != DeviceState::Revoked;
    let (server_key, index_key) = (central.public_key(), central.index_key);
    let admitted = central
        .writers
        .write(call.tenant()?, move |transaction| {
            let circumstances = Circumstances {
                now: log::now(),
                server_key: &server_key,
                index_key: &index_key,
            };
            if is_behind && !holds_what_is_in_front(transaction, device_id, &offered)? {
                return Ok(None);
            }
            // Only a store that was restored can lack what others hold of it.
            if offered_again && transaction.tenant().epoch > 1 {
                admission::admit_again(transaction, device_id, &grants, &offered, circumstances)
            } else {
                admission::admit(transaction, device_id, &offered, circumstances)
            }
            .map(Some)
        })
        .await?
        .ok_or(Refusal::of(ProblemCode::StateMismatch, BEHIND))?;
    central.metrics.judged(&admitted.verdicts);
    let now = log::now();
    let (confirmation, head) = central.signed(&admitted.device, &admitted.tenant, now)?;
    answer(
        call.headers(),
        &PushAnswer {
            verdicts: admitted.verdicts,
            confirmation,
            head,
            server_time: now,
        },
    )
}

/// Whether a batch was sent before the one in front of it was answered.
fn is_behind(headers: &HeaderMap) -> Answer<bool> {
    match headers.get(BEHIND).map(HeaderValue::as_bytes) {
        None | Some(b"?0") => Ok(false),
        Some(b"?1") => Ok(true),
        Some(_) => Err(Refusal::of(ProblemCode::BadParameter, BEHIND)),
    }
}

/// Whether the event that a batch goes on from is in the chain of its device, or in a branch of it.
///
/// What others offered again beside the chain does not count: the links before it may still be on their way.
fn holds_what_is_in_front(
    transaction: &mut dyn CentralTransaction,
    device_id: DeviceId,
    batch: &[Offered],
) -> Stored<bool> {
    let first = batch.first().and_then(|command| command.events().first());
    let Some(EventHeader {
        device_seq,
        prev_hash: Some(hash),
        ..
    }) = first.map(SealedEvent::header)
    else {
        return Ok(true);
    };
    let before = device_seq.saturating_sub(1);
    let device = transaction.device(device_id)?;
    let may_be = device
        .is_some_and(|device| before <= device.head.seq || device.state != DeviceState::Active);
    Ok(may_be && transaction.holds_event(device_id, before, hash)?)
}

/// A page of the feed as the device may see it.
#[utoipa::path(
    get,
    path = "/v1/events",
    params(
        ("after" = Option<String>, Query, description = "`<epoch>.<position>`; from the beginning where left out"),
        ("kept" = Option<u64>, Query, description = "Position up to which pages are stored at the device, where it asks ahead; as `after` where left out"),
        ("limit" = Option<u32>, Query, description = "Items at most; the server may give fewer. With 0 it gives none and says in `more` whether the feed goes on, be it with what this device may not see"),
        ("wait" = Option<u32>, Query, description = "Seconds to wait for something new"),
    ),
    responses((status = 200, description = "A page", body = FeedPage, headers(
        ("skranke-cursor" = String, description = "The page's `cursor`"),
        ("skranke-more" = String, description = "The page's `more`: `?1` or `?0`"),
    ))),
    security(("device" = [])),
)]
pub(super) async fn pull(
    State(central): State<Arc<Central>>,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
    Extension(call): Extension<Arc<Call>>,
    Extension(place): Extension<Place>,
) -> Answer<Response> {
    let Query(query) = query.map_err(|_| Refusal::from(ProblemCode::BadParameter))?;
    let after: Cursor = parameter(&query, "after")?.unwrap_or(Cursor::START);
    let kept =
        parameter(&query, "kept")?.map_or(after.position, |kept: u64| kept.min(after.position));
    let limit = parameter(&query, "limit")?
        .unwrap_or(MAX_PAGE_ITEMS)
        .min(MAX_PAGE_ITEMS);
    let wait = parameter(&query, "wait")?
        .unwrap_or(0)
        .min(MAX_WAIT_SECONDS);
    let wait = Duration::from_secs(u64::from(wait));
    let slice = poll(&central, &call, &place, after, limit.max(1), wait).await?;
    let slice = if limit == 0 {
        unread(slice, after)
    } else {
        whole_commands(slice)
    };
    let (grants, devices) = if !slice.items.is_empty() {
        let named = by_grant(&slice);
        let (read, served) = (kept, slice.read_to);
        let row = AuditRow {
            id: Uuid::now_v7(),
            at: log::now(),
            device_id: call.device()?.id,
            staff_id: None,
            action: "feed_read",
            purpose: "sync".to_owned(),
            case_id: None,
            citizen_digest: None,
            detail: format!(
                "{} {}..{}",
                slice.tenant.epoch, after.position, slice.read_to
            ),
        };
        central
            .writers
            .write(call.tenant()?, move |transaction| {
                // It may have been revoked while it waited for this page.
                let device = transaction.device(row.device_id)?;
                if device.is_none_or(|device| device.state == DeviceState::Revoked) {
                    return Ok(None);
                }
                transaction.audit(&row)?;
                transaction.note_served(row.device_id, read, served)?;
                let grants = grants_of(transaction, &named)?;
                Ok(Some((grants, codes_of(transaction, &named)?)))
            })
            .await?
            .ok_or(ProblemCode::DeviceRevoked)?
    } else {
        let position = slice.tenant.position();
        central.writers.settled(call.tenant()?, position).await?;
        (Vec::new(), BTreeMap::new())
    };
    let skipped = skipped(&central, &call, after.position, &slice).await?;
    let now = log::now();
    let head = central.signed_head(&slice.tenant, now)?;
    let cursor = Cursor {
        epoch: slice.tenant.epoch,
        position: slice.read_to,
    };
    let page = FeedPage {
        more: slice.read_to < slice.tenant.position(),
        backup_position: slice.tenant.backup_position,
        items: slice.items.into_iter().map(entry).collect(),
        grants,
        devices,
        cursor,
        skipped: Some(skipped),
        head,
        server_time: now,
    };
    let end = page.end();
    let cursor = HeaderValue::try_from(end.cursor.to_string());
    let cursor = cursor.map_err(|_| ProblemCode::Unavailable)?;
    let more = HeaderValue::from_static(if end.more { "?1" } else { "?0" });
    let mut response = answer(call.headers(), &page)?;
    response.headers_mut().extend(
        [(NEXT_CURSOR, cursor), (MORE, more)]
            .map(|(name, value)| (HeaderName::from_static(name), value)),
    );
    Ok(response)
}

/// Hashes of the leaves that a page covers and has no item for.
async fn skipped(
    central: &Arc<Central>,
    call: &Call,
    after: u64,
    slice: &FeedSlice,
) -> Answer<Vec<String>> {
    let to = slice.read_to;
    if to.saturating_sub(after) == slice.items.len() as u64 {
        return Ok(Vec::new());
    }
    let given: BTreeSet<u64> = slice.items.iter().map(|(position, _)| *position).collect();
    let tenant = call.tenant()?.to_owned();
    central
        .read(move |central| {
            let items = central.store.feed_items(&tenant, after, to)?;
            let all = (after + 1..).zip(&items);
            let missing = all.filter(|(position, _)| !given.contains(position));
            Ok(missing
                .map(|(position, item)| to_hex(&leaf_hash(&admission::leaf(position, item))))
                .collect())
        })
        .await
}

/// Headers of a page's events, for each grant they name the one recorded last.
fn by_grant(slice: &FeedSlice) -> BTreeMap<GrantId, EventHeader> {
    let events = slice.items.iter().flat_map(|(_, item)| match item {
        StoredFeedItem::Event(event) => std::slice::from_ref(event),
        StoredFeedItem::ScopeEntered(_, events) => events.as_slice(),
        StoredFeedItem::ScopeLeft(_) => &[],
    });
    let mut named: BTreeMap<GrantId, EventHeader> = BTreeMap::new();
    for header in events.map(SealedEvent::header) {
        match named.get(&header.grant_id) {
            Some(known) if known.corrected_at() >= header.corrected_at() => {}
            Some(_) | None => {
                named.insert(header.grant_id, header.clone());
            }
        }
    }
    named
}

/// The grants that events rest on: those they name, and where one does not hold, those by which the same person on the
/// same device vouched for the work. Each was signed here or verified before it was stored, or came
/// with the store; whoever reads the page verifies it.
fn grants_of(
    transaction: &mut dyn CentralTransaction,
    named: &BTreeMap<GrantId, EventHeader>,
) -> Stored<Vec<String>> {
    let mut tokens = BTreeSet::new();
    for (id, header) in named {
        let known = transaction.grant(*id)?;
        let holds = known.as_ref().is_some_and(|known| {
            let grant = known.signed.unverified();
            grant.is_ok_and(|grant| grant.covers(header).is_ok())
        });
        tokens.extend(known.map(|known| known.signed.to_token()));
        if !holds {
            let vouching = transaction.grants_of(header.device_id, header.actor)?;
            tokens.extend(vouching.into_iter().map(|known| known.signed.to_token()));
        }
    }
    Ok(tokens.into_iter().collect())
}

/// What people call the devices that events were made on.
fn codes_of(
    transaction: &mut dyn CentralTransaction,
    named: &BTreeMap<GrantId, EventHeader>,
) -> Stored<BTreeMap<String, String>> {
    let made_on: BTreeSet<_> = named.values().map(|header| header.device_id).collect();
    let mut codes = BTreeMap::new();
    for id in made_on {
        let known = transaction.device(id)?;
        codes.extend(known.map(|device| (id.to_string(), device.code)));
    }
    Ok(codes)
}

/// A page that does not end in the middle of a command, unless it is all there is on it: who holds half of one cannot
/// offer it to a restored server.
fn whole_commands(mut slice: FeedSlice) -> FeedSlice {
    let is_cut = |item: &StoredFeedItem| matches!(item, StoredFeedItem::Event(event) if event.header().k != event.header().n);
    let whole = slice.items.iter().rposition(|(_, item)| !is_cut(item));
    if let Some(last) = whole
        && last + 1 < slice.items.len()
    {
        slice.items.truncate(last + 1);
        if let Some((position, _)) = slice.items.last() {
            slice.read_to = *position;
        }
    }
    slice
}

/// A page of which nothing is given.
fn unread(slice: FeedSlice, after: Cursor) -> FeedSlice {
    FeedSlice {
        items: Vec::new(),
        read_to: after.position,
        ..slice
    }
}

/// Reads the feed, waiting for something new where there is nothing yet.
async fn poll(
    central: &Arc<Central>,
    call: &Call,
    place: &Place,
    after: Cursor,
    limit: u32,
    wait: Duration,
) -> Answer<FeedSlice> {
    let deadline = Instant::now() + wait;
    let (tenant, device) = (call.tenant()?, call.device()?);
    let mut listener = central.writers.listen(tenant).await?;
    let mut stopping = central.stopping.subscribe();
    let mut from = after.position;
    loop {
        listener.catch_up();
        let slice = {
            let (tenant, device) = (tenant.to_owned(), device.clone());
            let look = move |central: &Central| central.store.feed(&tenant, &device, from, limit);
            central.read(look).await?
        };
        central.metrics.looked();
        if after.epoch != 0 && after.epoch != slice.tenant.epoch {
            return Err(ProblemCode::EpochChanged.into());
        }
        if from > slice.tenant.position() {
            return Err(Refusal::of(ProblemCode::StateMismatch, "after"));
        }
        let is_behind = slice.read_to < slice.tenant.position();
        if !slice.items.is_empty() || is_behind || Instant::now() >= deadline || *stopping.borrow()
        {
            return Ok(slice);
        }
        // What was looked through held nothing for this device; no need to look again.
        from = slice.read_to;
        let own_cases = scope(central, tenant, device).await?;
        let _waiting = central.metrics.waiting_poll();
        // However many wait, they keep nobody from being served.
        place
            .without_it(central, async {
                tokio::select! {
                    () = listener.concerning(device, &own_cases) => {}
                    _ = stopping.changed() => {}
                    () = tokio::time::sleep_until(deadline) => {}
                }
            })
            .await;
    }
}

/// The cases whose news a device of limited scope waits for.
async fn scope(central: &Arc<Central>, tenant: &str, device: &Device) -> Answer<BTreeSet<CaseId>> {
    if device.scope == Scope::Tenant {
        return Ok(BTreeSet::new());
    }
    let (tenant, id) = (tenant.to_owned(), device.id);
    central
        .read(move |central| central.store.scope(&tenant, id))
        .await
}

fn entry((position, item): (u64, StoredFeedItem)) -> FeedEntry {
    let item = match item {
        StoredFeedItem::Event(event) => FeedItem::Event { event },
        StoredFeedItem::ScopeEntered(case_id, events) => FeedItem::ScopeEntered { case_id, events },
        StoredFeedItem::ScopeLeft(case_id) => FeedItem::ScopeLeft { case_id },
    };
    FeedEntry { position, item }
}

fn parameter<T: std::str::FromStr>(
    query: &HashMap<String, String>,
    name: &'static str,
) -> Answer<Option<T>> {
    query
        .get(name)
        .map(|text| {
            text.parse()
                .map_err(|_| Refusal::of(ProblemCode::BadParameter, name))
        })
        .transpose()
}
