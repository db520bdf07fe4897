# Writes the pyarrow files of this folder (pyarrow 26.0.1): python make-pyarrow.py
import datetime as dt, decimal
import pyarrow as pa, pyarrow.parquet as pq
D=decimal.Decimal
utc=dt.timezone.utc
t=pa.table({
 'id': pa.array([1,2,2**53+1,2**63-1],pa.int64()),
 'small': pa.array([-1,None,3,4],pa.int32()),
 'u64': pa.array([0,2**64-1,None,5],pa.uint64()),
 'f': pa.array([0.5,None,float('nan'),1e300],pa.float64()),
 'name': pa.array(['rope','naïve 日本',None,''],pa.string()),
 'dict': pa.array(['a','b','a',None]).dictionary_encode(),
 'bin': pa.array([b'\x00\xff',None,b'',b'abc'],pa.binary()),
 'dec': pa.array([D('12.30'),D('-0.05'),None,D('99999999999999999.99')],pa.decimal128(19,2)),
 'dec38': pa.array([D('12345678901234567890123456789012345678'),None,D('-1'),D('0')],pa.decimal128(38,0)),
 'ts_us': pa.array([dt.datetime(2026,1,2,3,4,5,678901,tzinfo=utc),None,dt.datetime(1969,12,31,23,59,59,999999,tzinfo=utc),dt.datetime(2000,1,1,tzinfo=utc)],pa.timestamp('us','UTC')),
 'ts_local': pa.array([dt.datetime(2026,1,2,3,4,5,678000),None,dt.datetime(1970,1,1),dt.datetime(2000,1,1,0,0,0,1000)],pa.timestamp('ms')),
 'ts_ns': pa.array([1767323045678901234,None,0,-1],pa.timestamp('ns')),
 'day': pa.array([dt.date(2026,1,2),None,dt.date(1969,12,31),dt.date(1,1,1)],pa.date32()),
 'time': pa.array([dt.time(1,2,3,4),None,dt.time(0,0),dt.time(23,59,59,999999)],pa.time64('us')),
 'flag': pa.array([True,False,None,True]),
 'list': pa.array([[1,2],[],None,[None,2**60]],pa.list_(pa.int64())),
 'struct': pa.array([{'a':1,'when':dt.datetime(2026,1,2,3,4,5,1,tzinfo=utc)},None,{'a':None,'when':None},{'a':2**60,'when':dt.datetime(1970,1,1,tzinfo=utc)}],pa.struct([('a',pa.int64()),('when',pa.timestamp('us','UTC'))])),
 'map': pa.array([[('x',D('1.50'))],[],None,[('y',None)]],pa.map_(pa.string(),pa.decimal128(9,2))),
})
for c in ['snappy','zstd','gzip','lz4','brotli','none']:
    pq.write_table(t,f'pyarrow-{c}.parquet',compression=c,row_group_size=3)
pq.write_table(t,'pyarrow-v1-int96.parquet',version='1.0',use_deprecated_int96_timestamps=True,data_page_version='2.0', compression='snappy')

with pa.OSFile('pyarrow.arrow','wb') as f:
    with pa.ipc.new_file(f,t.schema) as w: w.write_table(t,max_chunksize=3)
with pa.OSFile('pyarrow.arrows','wb') as f:
    with pa.ipc.new_stream(f,t.schema) as w: w.write_table(t,max_chunksize=3)
