//! `seaway demo --exit-after-check`.

use seaway_integration::Process;

#[tokio::test]
async fn it_goes_through_it_once_and_tells_what_it_saw() {
    let ended = Process::run(["demo", "--exit-after-check"], "").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stderr, "");
    let told = [
        "10 simulated",
        "tomcat-service is of type LoadBalancer",
        "8080:31002/TCP",
        "listen on",
        "for 10 nodes",
        "EnsuredLoadBalancer",
        "answers via=node-",
        "10 of 10 nodes answered",
        "passed",
    ];
    for part in told {
        assert!(ended.stdout.contains(part), "it does not say {part:?}: {}", ended.stdout);
    }
}

#[tokio::test]
async fn it_works_with_one_node_and_with_many() {
    for nodes in ["1", "40"] {
        let ended = Process::run(["demo", "--exit-after-check", "--nodes", nodes], "").await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let all = format!("{nodes} of {nodes} nodes answered");
        assert!(ended.stdout.contains(&all), "{}", ended.stdout);
    }
}

#[tokio::test]
async fn a_daemon_of_this_machine_serves_as_well() {
    for provider in ["haproxy", "nginx"] {
        let args = ["demo", "--exit-after-check", "--provider", provider];
        let ended = Process::run(args, "").await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.stderr, "");
        for part in ["reload the daemon", "10 of 10 nodes answered", "passed"] {
            assert!(ended.stdout.contains(part), "it does not say {part:?}: {}", ended.stdout);
        }
    }
}

#[tokio::test]
async fn a_provider_that_needs_more_than_this_machine_is_refused_with_those_that_do_not() {
    let ended = Process::run(["demo", "--provider", "aws"], "").await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    for part in ["--provider", "embedded", "haproxy", "nginx"] {
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
    }
}
