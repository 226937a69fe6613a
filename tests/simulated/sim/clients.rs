//! Gateways and other clients: stopped, started, asked how they are.

use std::collections::BTreeMap;

use super::answers::{Answer, check};
use super::world::World;

pub fn gateway(world: &mut World, host: &str, name: &str, vars: &BTreeMap<String, String>) -> Answer {
    let instance = world.gateways.get_mut(host).expect("a gateway").get_mut(&vars["INSTANCE"]).expect("an instance");
    match name {
        "gateway.stop.act" => *instance = 1,
        "gateway.start.act" => *instance = 0,
        _ => return status(*instance, &vars["EXPECT"], 1..=1),
    }
    Ok(String::new())
}

pub fn client(world: &mut World, host: &str, name: &str, vars: &BTreeMap<String, String>) -> Answer {
    let client = world.clients.get_mut(host).expect("a client");
    match name {
        "client.stop.act" => *client = false,
        "client.start.act" => *client = true,
        _ => return status(if *client { 0 } else { 3 }, &vars["EXPECT"], 1..=4),
    }
    Ok(String::new())
}

fn status(rc: i32, expect: &str, stopped: std::ops::RangeInclusive<i32>) -> Answer {
    let is = match rc {
        0 => "running",
        rc if stopped.contains(&rc) => "stopped",
        rc => return Err((2, format!("the status command answered {rc}"))),
    };
    check(is == expect, &format!("it is {is}"))?;
    Ok(format!("{is}\n"))
}
