use seaway_box::Port;
use seaway_core::Protocol;

use crate::lab::Lab;

#[tokio::test]
async fn the_daemon_reads_the_same_config_whatever_a_service_is_called() {
    let lab = Lab::new().await;
    let names = [
        "a\nuser root;",
        "a\r\n}\n}\ninclude /etc/passwd;",
        "\"",
        "'",
        "\\",
        "$host",
        "${x}",
        "};",
        "#",
        "{",
        ";",
        "\u{85}return",
        "\u{2028}return",
        "\0",
        "",
        " ",
        "a b",
        "*",
        "..",
        "é",
        "a$",
        "server { listen 1; }",
        "%00",
        "\u{202e}",
        "\t",
        "//",
        "/*",
        "`id`",
        "$(id)",
        "\u{1b}[0m",
    ];
    let entries = names.iter().enumerate().map(|(i, name)| {
        let mut entry = lab.entry(&[]);
        let target = seaway_box::Target { address: lab.ip(11), out: false };
        entry.targets.insert((*name).into(), target);
        let port = 9000 + u16::try_from(i).unwrap();
        entry.ports = [Protocol::Tcp, Protocol::Udp]
            .map(|protocol| Port { port, protocol, node_port: 30_000 })
            .to_vec();
        entry.service.namespace = (*name).to_owned();
        entry.service.name = (*name).to_owned();
        entry.service.uid = (*name).into();
        entry
    });
    let file = lab.write(entries.collect::<Vec<_>>()).await;
    assert_eq!(file.site.entries.len(), names.len());
    lab.check().await.unwrap();
    let directives = |word: &str| file.text.lines().filter(|line| line.starts_with(word)).count();
    assert_eq!(directives("upstream "), 2 * names.len());
    assert_eq!(directives("server {"), 2 * names.len() + 1);
    lab.load(&file).await.unwrap();
}
