//! Licences (B7), spread over shards so that concurrent creates rarely meet.

/// How many free licences each of `shards` counters holds: they add up to `total` and differ by at most one.
/// No shards hold nothing.
#[must_use]
pub fn split(total: u32, shards: u32) -> Vec<u32> {
    (0..shards)
        .map(|shard| total / shards + u32::from(shard < total % shards))
        .collect()
}

/// The order in which to try the shards: all of them once, beginning anywhere.
pub fn order(seed: u32, shards: u32) -> impl Iterator<Item = u32> {
    let start = seed.checked_rem(shards).unwrap_or(0);
    (start..shards).chain(0..start)
}
