// A topic with its serializers, so that what is sent is of one type.

import { serialized, serializers } from './serializers.js';

export class Topic {
  #producer;
  #key;
  #value;

  constructor(producer, name, key = serializers.nullable(serializers.bytes), value = key) {
    this.#producer = producer;
    this.name = name;
    this.#key = key;
    this.#value = value;
  }

  key(serializer) {
    return new Topic(this.#producer, this.name, serializer, this.#value);
  }

  value(serializer) {
    return new Topic(this.#producer, this.name, this.#key, serializer);
  }

  message({ key, value, ...rest }) {
    return {
      ...rest,
      key: key === undefined || key === null ? null : serialized(this.#key, key, 'key', this.name),
      value: serialized(this.#value, value, 'value', this.name),
    };
  }

  async send(...messages) {
    return this.#producer.send({ topic: this.name, messages: messages.map((message) => this.message(message)) });
  }

  post(message) {
    this.#producer.post(this.name, this.message(message));
  }
}
