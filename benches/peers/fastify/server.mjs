// B10's peer on fastify, as a careful host would write it: one process, signatures of both directions checked, two flows, one
// of them with and without group commit.
//
// server.mjs CONFIG.json; the configuration is written by src/rig.rs and names the flow.
import { EventEmitter } from "node:events";
import Fastify from "fastify";
import { Channel } from "./channel.mjs";
import { minimal } from "./minimal.mjs";
import { settings } from "./settings.mjs";
import { whole } from "./whole.mjs";

const config = settings(process.argv[2]);
const channel = new Channel(config);
const changed = new EventEmitter().setMaxListeners(0);

const app = Fastify({ logger: false });
app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
  request.text = body;
  try {
    done(null, JSON.parse(body));
  } catch (error) {
    done(Object.assign(error, { statusCode: 400 }));
  }
});

const flow = { minimal, whole, grouped: whole }[config.flow](app, { config, channel, changed });

app.post("/notify/wechat", async (request, reply) => {
  if (!channel.genuine(request.headers, request.text)) return reply.code(401).send({ code: "FAIL", message: "验签失败" });
  if (!(await flow.paid(channel.open(request.body.resource)))) return reply.code(500).send({ code: "FAIL", message: "不符" });
  return { code: "SUCCESS", message: "成功" };
});

app.get("/readyz", async () => ({ ready: true }));
await app.listen({ host: "127.0.0.1", port: config.port });
flow.resume();
process.on("SIGTERM", () => process.exit(0));
