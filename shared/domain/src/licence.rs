//! Licences (B7), spread over shards so that concurrent creates rarely meet.

/// How many free licences each of `shards` counters holds: they add up to `total` and differ by at most one.
/// No shards hold nothing.
#[must_use]
pub fn split(total: u32, shards: u32) -> Vec<u32> {
    (0..shards).map(|shard| total / shards + u32::from(shard < total % shards)).collect()
}

/// The order in which to try the shards: all of them once, beginning anywhere.
pub fn order(seed: u32, shards: u32) -> impl Iterator<Item = u32> {
    let start = seed.checked_rem(shards).unwrap_or(0);
    (start..shards).chain(0..start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_hold_all_licences_evenly_and_are_tried_once_each() {
        assert_eq!(split(10, 4), [3, 3, 2, 2]);
        assert_eq!((split(2, 4), split(0, 2), split(5, 0)), (vec![1, 1, 0, 0], vec![0, 0], vec![]));
        assert_eq!(order(6, 4).collect::<Vec<_>>(), [2, 3, 0, 1]);
        assert_eq!(order(6, 0).count(), 0);
    }
}
