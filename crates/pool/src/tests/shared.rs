use super::*;

fn member(group: &str, name: &str) -> Holder {
    Holder { group: Some(group.into()), ..uid(name) }
}

fn any(pool: &mut Pool, group: &str, name: &str) -> IpAddr {
    let order = order(None, &[ANY4]);
    pool.reserve(&member(group, name), &service(name), &order, Moment::default()).unwrap()[0]
}

#[test]
fn those_of_a_group_have_one_address_and_it_goes_with_the_last() {
    let mut pool = pool(&["192.0.2.1-192.0.2.9"]);
    let shared = any(&mut pool, "g", "a");
    assert_eq!(any(&mut pool, "g", "b"), shared);
    assert_ne!(any(&mut pool, "h", "c"), shared);
    assert_eq!(pool.of_group("g").count(), 2);
    pool.release(&member("g", "a"), &[shared]);
    assert!(pool.take(&uid("d"), shared).is_err(), "one has it still");
    pool.release(&member("g", "b"), &[shared]);
    assert_eq!(pool.take(&uid("d"), shared), Ok(()));
    assert_eq!(pool.of_group("g").count(), 0);
}

#[test]
fn who_is_not_of_the_group_is_told_who_has_it() {
    let mut pool = pool(&["192.0.2.1"]);
    any(&mut pool, "g", "a");
    for other in [uid("a"), uid("b"), member("h", "a")] {
        let error = pool.take(&other, ip("192.0.2.1")).unwrap_err().to_string();
        assert!(error.contains("by the Service default/a"), "{error}");
    }
}

#[test]
fn an_address_is_kept_for_the_group() {
    let mut pool = pool(&["192.0.2.1-192.0.2.9"]).keeping(Duration::from_mins(1));
    let shared = any(&mut pool, "g", "a");
    pool.leave(&member("g", "a"), &[shared], Moment::default());
    assert_ne!(any(&mut pool, "h", "a"), shared);
    assert_eq!(any(&mut pool, "g", "b"), shared);
}

#[test]
fn a_named_pool_gives_its_own_addresses() {
    let ranges = |text| Ranges::parse(&[text]).unwrap();
    let named = [("front".to_owned(), ranges("192.0.2.9"))].into();
    let mut pool = Pool::new("test", Pools::new(ranges("192.0.2.1-192.0.2.3"), named).unwrap());
    let mut give = |pool_name, name: &str| {
        let order = order(pool_name, &[ANY4]);
        pool.reserve(&uid(name), &service(name), &order, Moment::default())
    };
    assert_eq!(give(None, "a"), Ok(vec![ip("192.0.2.1")]));
    assert_eq!(give(Some("front"), "b"), Ok(vec![ip("192.0.2.9")]));
    let refusal = give(Some("front"), "c").unwrap_err().to_string();
    assert!(refusal.contains("all 1 of 192.0.2.9 are taken"), "{refusal}");
    assert!(refusal.contains("providers.test.pools.front"), "{refusal}");
    // Who moves has both, and the new one comes first.
    let moved = Pools::new(ranges("192.0.2.1"), [("b".to_owned(), ranges("192.0.2.9"))].into());
    let mut pool = Pool::new("test", moved.unwrap());
    pool.take(&uid("a"), ip("192.0.2.1")).unwrap();
    let order = order(Some("b"), &[ANY4]);
    let got = pool.reserve(&uid("a"), &service("a"), &order, Moment::default());
    assert_eq!(got, Ok(vec![ip("192.0.2.9"), ip("192.0.2.1")]));
}
