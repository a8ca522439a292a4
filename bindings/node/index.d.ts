// Types of the package. The contract's own are generated: lib/contract.d.ts.
import type { Areas, Batches, ChannelWechatVerifyRequest, ChannelWechatVerifyResponse, Handover, Operations, PortFault, Ports, PureAreas } from './lib/contract';

export * from './lib/contract';

/** For whom an engine of this process runs an operation; the program has found out who it is. */
export type Caller = { hospital?: string; patient: string } | { hospital?: string; staff: string; roles?: string[]; departments?: string[] };

/** Beside a request. */
export interface CallOptions {
  /** Aborting it ends the waiting, not what was asked. */
  signal?: AbortSignal;
  /** Engines of this process need it; a server knows the caller by its token. */
  caller?: Caller;
}

/** How a failure is dealt with. */
export type Retry = 'never' | 'same_key' | 'after_query';

/** Every failure: the number, kind and advice that every host has. */
export class MenjieError extends Error {
  /** Stable (docs/errors.md); 0 when nobody waited for the answer. */
  readonly code: number;
  readonly kind: string;
  readonly retry: Retry;
  /** Of callbacks and messages of WeChat that are not genuine, and of nothing else: what express and fastify answer with. */
  readonly statusCode?: 400 | 401;
  /** Field paths, numbers and the like; never personal data. */
  readonly context: Readonly<Record<string, string>>;
  toJSON(): { code: number; kind: string; retry: Retry; message: string; context: Record<string, string> };
}
export class MisuseError extends MenjieError {}
export class ValidationError extends MenjieError {}
export class ConflictError extends MenjieError {}
export class NotFoundError extends MenjieError {}
export class CounterpartError extends MenjieError {}
export class StoreError extends MenjieError {}
export class CryptoError extends MenjieError {}
export class InternalError extends MenjieError {}
/** The signal was aborted. `retry` is `after_query` for a command, or a step of a session (`session.*`), that was sent: it may have been done. */
export class AbortedError extends MenjieError {}

type Op = keyof Operations;
type PureOp = { [K in Op]: Operations[K]['kind'] extends 'pure' ? K : never }[Op];
type AloneOp = { [K in Op]: Operations[K]['kind'] extends 'pure' | 'local' ? K : never }[Op];

declare class ClientBase {
  private constructor();
  /** Runs an operation by its name. A text is JSON already. */
  call<K extends Op>(op: K, request: Operations[K]['request'] | string, options?: CallOptions): Promise<Operations[K]['response']>;
  /** Can it be called? */
  readonly isOpen: boolean;
  /** Waits for calls that are under way, then ends everything. True when all has ended in time. */
  close(): Promise<boolean>;
  /** Closes at the end of a block: `await using client = await open(…)`. */
  [Symbol.asyncDispose](): Promise<void>;
}
/** The hospital's server, or an engine of this process. */
export type Client = ClientBase & Areas;
export const Client: typeof ClientBase;

/** The hospital's server, which has the one ledger. */
export interface ServerConfig {
  server: string | { url: string; token?: string };
}
/** An engine of this process: its log and hospitals as in docs/config.md, and the ports that the program implements. */
export interface EngineConfig {
  hospitals: ReadonlyArray<Record<string, unknown>>;
  log: Record<string, unknown>;
  ports?: Ports;
  [member: string]: unknown;
}
export function open(config: ServerConfig | EngineConfig): Promise<Client>;

/** Runs an operation that needs no client. A text is JSON already. */
export function call<K extends AloneOp>(op: K, request: Operations[K]['request'] | string, options?: { signal?: AbortSignal }): Promise<Operations[K]['response']>;
/** The same with texts on both sides: for what is large. */
export function callText(op: AloneOp, request: string, options?: { signal?: AbortSignal }): Promise<string>;
/** Computes on this thread and blocks it: for what is small. */
export function callSync<K extends PureOp>(op: K, request: Operations[K]['request'] | string): Operations[K]['response'];
/** Runs an operation over tables, which are Arrow IPC streams (docs/contract/batches.md). */
export function batch<K extends keyof Batches>(
  op: K,
  request: Batches[K]['request'] | string,
  tables: Batches[K]['inputs'],
  options?: { signal?: AbortSignal },
): Promise<{ response: Batches[K]['response']; tables: { [T in keyof Batches[K]['tables']]: Buffer } }>;

export const version: string;
export interface BuildInfo {
  version: string;
  platform: string;
  arch: string;
  testing: boolean;
  max_bytes: number;
  max_depth: number;
  operations: Array<{ name: string; kind: string; reach: string }>;
  batches: Array<{ name: string; inputs: string[]; outputs: string[] }>;
}
export function buildInfo(): BuildInfo;
/** Places in the source where faults of ours were caught (error 901), for a report. */
export function faults(): string[];

/** Answers of a port. */
export function done(): { outcome: 'done'; value: null };
export function done<T>(value: T): { outcome: 'done'; value: T };
export function refused(code: string, text: string): { outcome: 'refused'; value: PortFault };
export function unsent(code: string, text: string): { outcome: 'unsent'; value: PortFault };
export function unknown(code: string, text: string): { outcome: 'unknown'; value: PortFault };

/** For back ends of an official account. */
export const wechat: {
  /** The parameters of WeixinJSBridge and wx.requestPayment, from what `settlement.get` hands over. */
  payParameters(view: { handover?: Handover | null }): { appId: string; timeStamp: string; nonceStr: string; package: string; signType: string; paySign: string };
  /** Verifies and reads a callback of WeChat Pay from the raw body and the headers of the request. Errors of one that is not genuine have a `statusCode`. */
  callbackReader(merchant: {
    keys: ChannelWechatVerifyRequest['keys'];
    apiv3Key: string;
    mchid: string;
    appid: string;
    now?: () => Date;
  }): (rawBody: Uint8Array | string, headers: object, options?: { signal?: AbortSignal }) => Promise<ChannelWechatVerifyResponse>;
  /** Throws when a request is not of the account's own server. */
  checkAddress(request: { token: string; timestamp: string; nonce: string; signature: string }): void;
  /** Opens a message in safe mode; gives the text inside. */
  openMessage(message: { token: string; encodingAesKey: string; appid: string; timestamp: string; nonce: string; msgSignature: string; encrypted: string }): string;
};

export const age: PureAreas['age'];
export const bill: PureAreas['bill'];
export const channel: PureAreas['channel'];
export const charge: PureAreas['charge'];
export const code: PureAreas['code'];
export const crypto: PureAreas['crypto'];
export const echo: PureAreas['echo'];
export const idDocument: PureAreas['idDocument'];
export const insurance: PureAreas['insurance'];
export const invoice: PureAreas['invoice'];
export const name: PureAreas['name'];
export const patient: PureAreas['patient'];
export const policy: PureAreas['policy'];
export const reconcile: PureAreas['reconcile'];
export const refund: PureAreas['refund'];
export const report: PureAreas['report'];
export const seal: PureAreas['seal'];
export const text: PureAreas['text'];
