//! Talk around orders: changes of mind, several wishes, votes in words, courtesies, and questions that outlive a crash.

use serde_json::json;

use crate::harness::{Event, Person, Stage, until};

/// What our bots said in the thread of a message, or in answer to it.
fn told(person: &Person, about: &str) -> Vec<Event> {
    person.all(|e| {
        e.is_new_message() && e.sender() != person.id && (e.answers() == about || e.thread() == Some(about))
    })
}

async fn cancelled(person: &Person, proposal: &Event) {
    person.reaches(proposal.operation_id(), "cancelled").await;
}

async fn cancel(person: &Person, room: &str, proposal: &Event) {
    person.ask(room, &format!("!ralf cancel {}", proposal.operation_id())).await;
}

#[tokio::test]
async fn a_wish_is_changed_and_extended_by_short_sentences() {
    // Short sentences are about the last wish of the same person in the same room: this story has a room to itself.
    let stage = Stage::shared().await;
    let room = stage.room("sec");
    let approver = stage.person("approver").await;
    let first = approver.proposal(&room, "Ralf Sec: Installiere Homeassistant auf node-1").await;
    let second = approver.proposal(&room, "Ralf Sec: nein, auf node-3").await;
    cancelled(&approver, &first).await;
    let slots = |event: &Event| event.operation().expect("an operation")["slots"].clone();
    assert_eq!(slots(&second), json!({"service": "homeassistant", "node": "node-3"}));
    let third = approver.proposal(&room, "Ralf Sec: und Paperless auch").await;
    assert_eq!(slots(&third), json!({"service": "paperless", "node": "node-3"}));
    assert!(
        approver.all(|e| e.operation_id() == second.operation_id() && e.state() == "cancelled").is_empty(),
        "what is added takes nothing back"
    );
    // The language follows the person, sentence by sentence.
    let fourth = approver.proposal(&room, "Ralf Sec: no, on node-2").await;
    assert!(fourth.body().contains("Set up paperless on node-2"), "{fourth}");
    cancelled(&approver, &third).await;
    // And one's own wish is taken back in a word.
    approver.say(&room, "Ralf Sec: doch nicht").await;
    cancelled(&approver, &fourth).await;
    cancel(&approver, &room, &second).await;
}

#[tokio::test]
async fn a_wish_is_taken_back_by_who_had_it_where_it_is_meant() {
    let stage = Stage::shared().await;
    let room = stage.room("health");
    let (admin, approver) = (stage.person("admin").await, stage.person("approver").await);
    let stays = |op: &Event| {
        let cancelled = |e: &Event| e.operation_id() == op.operation_id() && e.state() == "cancelled";
        assert!(admin.all(cancelled).is_empty(), "{}", admin.story());
    };
    let first = admin.proposal(&room, "Ralf Health: Installiere Paperless auf node-2").await;
    let second = admin.proposal(&room, "Ralf Health: Installiere Homeassistant auf node-1").await;
    // Said to a colleague, and said by one.
    admin.say(&room, "halt").await;
    admin.say(&room, "forget it").await;
    approver.say_in_thread(&room, second.id(), "doch nicht").await;
    approver.and_nothing_else(&room).await;
    admin.and_nothing_else(&room).await;
    stays(&first);
    stays(&second);
    // In a thread it is about what stands there, however much came later.
    admin.say_in_thread(&room, first.id(), "doch nicht").await;
    cancelled(&admin, &first).await;
    admin.say_in_thread(&room, second.id(), "ich schaue gleich nach").await;
    admin.and_nothing_else(&room).await;
    stays(&second);
    assert!(told(&admin, second.id()).iter().all(|e| !e.body().contains("schaue")), "{}", admin.story());

    // A correction takes the place of the old wish when it stands itself.
    let asked = admin.say(&room, "Ralf Health: nein, auf node-7").await;
    assert!(admin.answer(&asked).await.question().is_some());
    stays(&second);
    admin.say_in_thread(&room, &asked, "der auf node-3").await;
    cancelled(&admin, &second).await;
    let third = admin
        .wait_for("the corrected proposal", |e| e.answers() == asked && e.state() == "awaiting_approval")
        .await;
    assert_eq!(third.operation().expect("an operation")["slots"]["node"], "node-3");

    // An open question is closed, too, before the older wish goes.
    let open = admin.say(&room, "Ralf Health: Installiere Gitea").await;
    assert!(admin.answer(&open).await.question().is_some());
    let closed = admin.ask(&room, "Ralf Health: vergiss es").await;
    assert!(closed.body().contains("ich tue nichts"), "{closed}");
    stays(&third);
    admin.say_in_thread(&room, &open, "node-1").await;
    admin.and_nothing_else(&room).await;
    assert!(admin.all(|e| e.answers() == open && e.operation().is_some()).is_empty(), "{}", admin.story());
    cancel(&admin, &room, &third).await;
}

#[tokio::test]
async fn a_status_is_asked_for_by_any_name() {
    let stage = Stage::shared().await;
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let status = admin.ask(&ops, "!ralf status VAULTWARDEN").await;
    assert!(status.body().contains("vaultwarden"), "{status}");
    let unknown = admin.ask(&ops, "!ralf status flurbelix").await;
    assert!(
        unknown.body().contains("`flurbelix`") && !unknown.body().contains("läuft nirgends"),
        "{unknown}"
    );
}

#[tokio::test]
async fn what_has_run_stays_and_a_correction_is_a_new_wish() {
    let stage = Stage::shared().await;
    let service = stage.take("uptime-kuma", "node-2");
    let room = stage.room("planner");
    let admin = stage.person("admin").await;
    let first = admin.proposal(&room, "Ralf Planner: Installiere Uptime-Kuma auf node-2").await;
    admin.react(&room, first.id(), "✅").await;
    admin.report(first.operation_id(), "succeeded").await;
    let second = admin.proposal(&room, "Ralf Planner: nein, auf node-1").await;
    assert_eq!(second.operation().expect("an operation")["slots"]["node"], "node-1");
    assert!(service.runs().await, "what ran is not undone behind anybody's back");
    assert!(admin.all(|e| e.operation_id() == first.operation_id() && e.state() == "cancelled").is_empty());
    cancel(&admin, &room, &second).await;
}

#[tokio::test]
async fn several_wishes_are_several_proposals() {
    let stage = Stage::shared().await;
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let asked = admin.say(&ops, "Installiere Gitea auf node-1 und richte Vaultwarden auf node-3 ein").await;
    let both = admin
        .wait_in_all("two proposals", |events| {
            let fits = |e: &&Event| {
                e.is_new_message()
                    && e.answers() == asked
                    && e.state() == "awaiting_approval"
                    && e.thread().is_none()
            };
            let both: Vec<Event> = events.iter().filter(fits).cloned().collect();
            (both.len() == 2).then_some(both)
        })
        .await;
    let intents: Vec<_> =
        both.iter().map(|e| e.operation().expect("an operation")["slots"]["service"].clone()).collect();
    assert_eq!(intents, ["gitea", "vaultwarden"]);
    // Each has its own vote: the one is denied, the other waits on.
    admin.react(&ops, both[1].id(), "❌").await;
    admin.reaches(both[1].operation_id(), "denied").await;
    let status = admin.ask(&ops, "Status").await;
    assert!(
        status.body().contains(both[0].operation_id()) && !status.body().contains(both[1].operation_id())
    );
    cancel(&admin, &ops, &both[0]).await;
}

#[tokio::test]
async fn words_are_no_votes_and_people_may_talk_in_a_thread() {
    let stage = Stage::shared().await;
    let ops = stage.room("ops");
    let (admin, guest) = (stage.person("admin").await, stage.person("guest").await);
    let proposal = admin.proposal(&ops, "Installiere Nextcloud auf node-3").await;
    guest.say_in_thread(&ops, proposal.id(), "was hältst du davon, Lisa?").await;
    guest.say_in_thread(&ops, proposal.id(), "Ich finde das gut").await;
    guest.and_nothing_else(&ops).await;
    let in_thread = |e: &Event| {
        e.is_new_message() && e.thread() == Some(proposal.id()) && e.sender().starts_with("@ralf")
    };
    assert!(guest.all(in_thread).is_empty(), "people talk among each other:\n{}", guest.story());
    for (person, word) in [(&guest, "ja, genehmigt"), (&admin, "approved"), (&admin, "ok, mach das")] {
        let said = person.say_in_thread(&ops, proposal.id(), word).await;
        person.and_nothing_else(&ops).await;
        let hint = person
            .all(in_thread)
            .pop()
            .unwrap_or_else(|| panic!("{word:?} ({said}) is left without an answer"));
        assert!(hint.body().contains('✅') && hint.body().contains(proposal.operation_id()), "{hint}");
    }
    let votes = stage.store().await.votes(proposal.operation_id()).await.expect("read");
    assert!(votes.is_empty(), "{votes:?}");
    cancel(&admin, &ops, &proposal).await;
}

#[tokio::test]
async fn what_is_no_order_is_understood_as_what_it_is() {
    let stage = Stage::shared().await;
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    for (said, wanted) in [
        ("danke!", "Gern geschehen"),
        ("thank you very much", "You are welcome"),
        ("Wer bist du?", "Bot dieses Homelabs"),
        ("what can you do?", "What I can do for you"),
        ("Ich habe Grafana neu gestartet", "Danke für den Hinweis"),
        ("don't restart grafana", "I leave `grafana` alone"),
        ("Soll ich Grafana neu starten?", "kein Auftrag"),
        ("how do I install gitea?", "say `Install gitea`"),
        ("restart grafana tomorrow at 3", "I can't wait for times"),
        ("Wenn Grafana ausfällt, starte es neu", "Bedingungen"),
        ("Ist der Server kaputt?", "rate ich nicht"),
        ("why is grafana so slow?", "I don't guess"),
        ("erzähl mir einen Witz", "!ralf hilfe"),
        ("ja", "nichts gefragt"),
    ] {
        // Among people it is left alone; said to a bot, it gets its answer.
        let aside = admin.say(&ops, said).await;
        let answer = admin.ask(&ops, &format!("Ralf: {said}")).await;
        assert!(answer.body().contains(wanted), "{said:?}: {}", answer.body());
        assert!(answer.operation().is_none() && answer.question().is_none(), "{said:?}: {answer}");
        assert!(told(&admin, &aside).is_empty(), "{said:?} was said to nobody:\n{}", admin.story());
    }
    let greeted = admin.ask(&ops, "Hallo Ralf!").await;
    assert!(greeted.body().starts_with("Hallo!"), "{greeted}");
}

#[tokio::test]
async fn a_question_outlives_a_crash_and_an_expired_one_says_so() {
    let stage = Stage::own("asked", &[]).await;
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let asked = admin.say(&ops, "Installiere Jellyfin").await;
    assert!(admin.answer(&asked).await.question().is_some());

    let before = stage.lab().pid("ralf");
    stage.lab().kill("ralf").expect("killed");
    until("another process", async || stage.lab().pid("ralf").is_some_and(|pid| Some(pid) != before)).await;
    // What is no answer leads to the same question once more.
    admin.say_in_thread(&ops, &asked, "hm, weiß nicht").await;
    let questions = |events: &[Event]| {
        let all: Vec<Event> =
            events.iter().filter(|e| e.question().is_some() && e.thread() == Some(&asked)).cloned().collect();
        (all.len() == 2).then_some(all)
    };
    let questions = admin.wait_in_all("the question once more", questions).await;
    assert_eq!(
        questions[0].question().expect("one")["missing"],
        questions[1].question().expect("one")["missing"]
    );
    admin.say_in_thread(&ops, &asked, "das zweite").await;
    let proposal = admin
        .wait_for("a proposal", |e| {
            e.is_new_message() && e.answers() == asked && e.state() == "awaiting_approval"
        })
        .await;
    assert_eq!(proposal.operation().expect("an operation")["slots"]["node"], "node-2");

    // An hour is over.
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&stage.info().database).await.expect("the database");
    for tap in [false, true] {
        let late = admin.say(&ops, "Installiere Gitea").await;
        let question = admin.answer(&late).await;
        assert!(question.question().is_some(), "{question}");
        admin
            .wait_for("the seed", |e| {
                e.kind() == "m.reaction" && e.target() == question.id() && e.key() == "1️⃣"
            })
            .await;
        sqlx::query("UPDATE questions SET expires_ts = 1").execute(&pool).await.expect("moved");
        if tap {
            admin.react(&ops, question.id(), "1️⃣").await;
        } else {
            admin.say_in_thread(&ops, &late, "node-1").await;
        }
        let too_late = admin
            .wait_for("that it is too late", |e| {
                e.is_new_message() && e.thread() == Some(&late) && e.body().contains("„Installiere Gitea“")
            })
            .await;
        assert!(too_late.operation().is_none(), "{too_late}");
        admin.react(&ops, question.id(), "2️⃣").await;
        admin.and_nothing_else(&ops).await;
        assert_eq!(told(&admin, &late).len(), 2, "it is said once:\n{}", admin.story());
    }
}
