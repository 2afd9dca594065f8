// Uses a server as the official client does, and prints what it got as one JSON object.
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.env.MOORING_URL, apiKey: "unused", maxRetries: 0 });
const model = "support";
const messages = [{ role: "user", content: "chat" }];
const got = {};

const refused = async (work) => {
  try {
    await work();
  } catch (error) {
    return { kind: error.constructor.name, status: error.status, code: error.code, param: error.param };
  }
  return null;
};

got.models = (await client.models.list()).data.map((each) => each.id);
got.model = (await client.models.retrieve(model)).id;

const chat = await client.chat.completions.create({ model, messages });
got.chat = [chat.choices[0].message.content, chat.choices[0].finish_reason, chat.usage.total_tokens];

const chunks = await client.chat.completions.create({
  model, messages, stream: true, stream_options: { include_usage: true },
});
got.chatStream = { text: "", tokens: 0 };
for await (const chunk of chunks) {
  got.chatStream.text += chunk.choices[0]?.delta?.content ?? "";
  got.chatStream.tokens = chunk.usage?.total_tokens ?? got.chatStream.tokens;
}

const one = await client.responses.create({ model, input: "one", metadata: { a: "b" } });
got.response = { text: one.output_text, status: one.status, tokens: one.usage.total_tokens, metadata: one.metadata };
const two = await client.responses.create({ model, input: "two", previous_response_id: one.id });
got.previous = two.previous_response_id === one.id;

got.events = [];
const stream = client.responses.stream({ model, input: "three", previous_response_id: two.id });
for await (const event of stream) got.events.push([event.sequence_number, event.type]);
const three = await stream.finalResponse();
got.streamed = three.output[0].content[0].text;

const again = await client.responses.retrieve(three.id);
got.retrieved = [again.output_text, again.status, again.model];
got.input = (await client.responses.inputItems.list(three.id)).data.map((item) => item.content[0].text);

const later = await client.responses.create({ model, input: "four", background: true });
got.background = later.status;
got.cancelled = (await client.responses.cancel(later.id)).status;

await client.responses.delete(one.id);
got.deleted = await refused(() => client.responses.retrieve(one.id));

const key = { headers: { "Idempotency-Key": "from javascript" } };
const first = await client.responses.create({ model, input: "five" }, key);
const second = await client.responses.create({ model, input: "five" }, key);
got.once = first.id === second.id && first.output_text === second.output_text;

got.unknown = await refused(() => client.responses.create({ model: "nobody", input: "x" }));
got.unsupported = await refused(() => client.responses.create({ model, input: "x", instructions: "Be rude." }));
got.image = await refused(() => client.chat.completions.create({
  model, messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "x" } }] }],
}));

console.log(JSON.stringify(got));
